"""``benchmark``: what a frame costs on this machine, by stage, back end, variant and command."""

import json
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ostnet import hub
from ostnet.animation import VARIANTS
from ostnet.animation.arrays import to_array
from ostnet.animation.frame import STREAM, Frame
from ostnet.animation.pictures import to_tensor
from ostnet.animation.stages import Stages
from ostnet.backends import all_threads, in_torch, load_backend, usable
from ostnet.backends.device import choose_device
from ostnet.backends.interface import Backend
from ostnet.errors import InputError
from ostnet.evaluation.command_benchmark import Clip, command_cost, made_up
from ostnet.evaluation.cuda_benchmark import cuda_fps
from ostnet.evaluation.machine_peak import peak
from ostnet.evaluation.reference_benchmark import processor_ms, reference
from ostnet.evaluation.stages import (
    WARM_UP,
    device_name,
    milliseconds,
    multiplications,
    stage_calls,
)
from ostnet.model.ostnet import OSTNet
from ostnet.options import METHOD


@dataclass
class BenchmarkConfig:
    """Options of ``ostnet benchmark``."""

    checkpoint: str | None = None
    """Folder or Hub repository of the network; default: the embedded weights."""

    device: str = "auto"
    """auto, cpu, cuda, ..."""

    threads: int | None = None
    """CPU threads; default: torch's."""

    repeats: int = 20
    """Timed calls of each stage and frames of each back end; their median counts."""

    frames: int = 60
    """Frames of the made-up clip on which the commands are timed; 0: they are not."""

    source: Path | None = None
    """Portrait for the commands, with ``driving``; default: a made-up one."""

    driving: Path | None = None
    """Clip for the commands, with ``source``; default: a made-up one, of smooth colours."""

    output: Path | None = None
    """JSON file for the figures; default: they are only printed."""

    def __post_init__(self):
        for name in ("output", "source", "driving"):
            value = getattr(self, name)
            setattr(self, name, Path(value) if value else None)
        if (self.source is None) != (self.driving is None):
            raise InputError("source, driving: found one of them; give both, or none")
        if self.frames < 0 or self.frames == 1:
            raise InputError(f"frames: found {self.frames}, expected 0 or at least 2")
        for name in ("threads", "repeats"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: found {value}, expected at least 1")


def benchmark(config: BenchmarkConfig) -> dict:
    """Measure one network.

    Returns a dictionary of:

    * ``checkpoint``, ``machine``, ``parameters``, ``threads`` of each call;
    * ``stages``: NAME -> ``gmac``, 1e9 multiply-adds, and ``ms`` in float32 torch;
    * ``backends``: NAME -> ``peak_gmac_s``, what a plain stack of convolutions reaches by the same
      library and precision, and ``stages``: NAME -> ``ms`` and ``peak``, the share of that;
    * ``frame_ms``: BACKEND -> VARIANT -> milliseconds from uint8 picture to uint8 picture;
    * ``first_order_model``: its networks in eager torch on one thread: ``gmac``, ``cpu_ms`` of
      processor time a driving frame, and in turn with them ``full_cpu_ms``: BACKEND -> the same of
      ``full``; None on another device than the CPU;
    * ``commands``: COMMAND -> BACKEND -> :class:`ostnet.evaluation.command_benchmark.Cost`;
    * ``cuda_batch_fps``: ``full`` on a GPU in batches; None without one.

    Pictures are smooth colours (:func:`_picture`); what they show changes times by a few percent.
    """
    threads = config.threads or all_threads()
    torch.set_num_threads(threads)
    found = hub.resolve(config.checkpoint, config.device)
    device = choose_device(config.device)
    model = in_torch(found.folder, device)
    picture = _picture(model.config.resolution)
    frame = to_tensor(picture, len(picture), device, "picture")
    loaded = {name: load_backend(model, name, device, threads) for name in usable(device, model)}
    stages = _stages(model, frame, config.repeats)
    result = {
        "checkpoint": found.name,
        "machine": f"torch {torch.__version__}, {device_name(device)}",
        "threads": threads,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "stages": stages,
        "backends": {
            name: _backend(networks, stages, frame, device, threads, config.repeats)
            for name, networks in loaded.items()
        },
        "frame_ms": {
            name: {
                variant: _frame(networks, variant, picture, frame, config.repeats)
                for variant in VARIANTS
            }
            for name, networks in loaded.items()
        },
    }
    result["first_order_model"] = None
    if device.type == "cpu":
        result["first_order_model"] = _reference(model, list(loaded), picture, config.repeats)
        torch.set_num_threads(threads)
    result["commands"] = _commands(config, str(found.folder), list(loaded))
    result["cuda_batch_fps"] = None
    if device.type == "cuda":
        result["cuda_batch_fps"] = cuda_fps(model, frame, config.repeats)
    if config.output:
        config.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


@torch.inference_mode()
def _stages(model: OSTNet, frame: Tensor, repeats: int) -> dict[str, dict[str, float]]:
    return {
        name: {"ms": milliseconds(call, frame.device, repeats), "gmac": multiplications(call)}
        for name, call in stage_calls(model, frame).items()
    }


def _backend(
    networks: Backend, stages: dict, frame: Tensor, device: torch.device, threads: int, repeats: int
) -> dict:
    """What one back end reaches of the machine's peak, stage by stage."""
    reached = peak(networks.name, device, threads, repeats)
    calls = stage_calls(networks, _given(frame, networks))
    found = {}
    for name, call in calls.items():
        ms = milliseconds(call, device, repeats)
        found[name] = {"ms": ms, "peak": 1000 * stages[name]["gmac"] / ms / reached}
    return {"peak_gmac_s": reached, "stages": found}


def _given(frame: Tensor, networks: Backend):
    """The picture as the back end takes it."""
    return frame if networks.uses_torch else np.ascontiguousarray(frame.numpy())


def _reference(model: OSTNet, backends: list[str], picture: np.ndarray, repeats: int) -> dict:
    """Processor time of a frame of ``full`` and of first-order-model, on one thread."""
    torch.set_num_threads(1)
    device = torch.device("cpu")
    frame = to_tensor(picture, len(picture), device, "picture")
    call, gmac = reference()
    calls = {"first-order-model": call}
    for name in backends:
        networks = load_backend(model, name, device, threads=1)
        calls[name] = partial(next, _frames(networks, "full", repeat(picture), frame))
    spent = processor_ms(calls, repeats)
    return {"gmac": gmac, "cpu_ms": spent.pop("first-order-model"), "full_cpu_ms": spent}


def _frame(
    networks: Backend, variant: str, picture: np.ndarray, frame: Tensor, repeats: int
) -> float:
    """Median time of a frame in milliseconds, from picture to picture."""
    pictures = [picture] * (repeats + WARM_UP)
    frames = _frames(networks, variant, pictures, frame)
    return float(np.median([made[variant].ms for made in frames][WARM_UP:]))


def _frames(
    networks: Backend, variant: str, pictures: Iterable[np.ndarray], frame: Tensor
) -> Iterator[dict[str, Frame]]:
    """A variant of each picture; ``frame`` is the source."""
    source = networks.encode(_given(frame, networks))

    def take(picture: np.ndarray, side: int, name: str):
        if networks.uses_torch:
            return to_tensor(picture, side, frame.device, name)
        return to_array(picture, side, name)

    stages = Stages(networks, source, None, frame.shape[-1], take)
    return stages.frames(pictures, [variant], METHOD, STREAM, measure=False, between=iter)


def _commands(config: BenchmarkConfig, checkpoint: str, backends: list[str]) -> dict:
    """COMMAND -> BACKEND -> its cost; empty where no frames are wanted."""
    if config.frames == 0:
        return {}
    given = config.source and config.driving and nullcontext(Clip(config.source, config.driving))
    with given or made_up(config.frames) as clip:
        flags = ["--checkpoint", checkpoint, "--device", config.device, "--backend"]
        return {
            command: {name: asdict(command_cost(command, clip, *flags, name)) for name in backends}
            for command in ("animate", "compare")
        }


def _picture(size: int) -> np.ndarray:
    """uint8 (size, size, 3) of smooth colours.

    Noise would send flows everywhere, and sampling takes longer the less it follows memory.
    """
    coarse = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))
