"""``ostnet benchmark``: times of a frame on this machine, by stage, back end and command."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ostnet import hub
from ostnet.animation.animator import Animator
from ostnet.animation.pictures import to_tensor
from ostnet.backends import all_threads, in_torch, usable
from ostnet.backends.cuda_graphs import EAGER_CALLS
from ostnet.backends.device import choose_device
from ostnet.errors import InputError
from ostnet.evaluation.benchmark_table import REFERENCE
from ostnet.evaluation.reference_speed import FirstOrderModel, peak
from ostnet.evaluation.timing import (
    PER_FRAME,
    WARM_UP,
    command_cost,
    device_name,
    instruction_sets,
    milliseconds,
    multiplications,
    processor_ms,
    processor_name,
    smooth_picture,
    stage_calls,
    synthetic_inputs,
)
from ostnet.methods import VARIANTS
from ostnet.model.ostnet import OSTNet

REFERENCE_FRAMES = 5
"""Frames at most that first-order-model computes; one takes about a second."""

BY_PICTURE = ("rectify", "keypoints_again")
"""Stages that ``--rectify points`` leaves out."""

ALL = "all four"


@dataclass
class BenchmarkConfig:
    """Options of ``ostnet benchmark``."""

    checkpoint: tuple[str, ...] = ()
    """Folders or Hub repositories of networks to compare; default: the embedded weights."""

    device: str = "auto"
    """auto, cpu, cuda, ..."""

    threads: int | None = None
    """CPU threads of torch; default: torch's own choice."""

    repeats: int = 20
    """How often each stage, and a frame of each back end, is timed; the median is reported."""

    frames: int = 60
    """Frames of the synthetic clip on which animate and compare are timed; 0: do not time them."""

    source: Path | None = None
    """Portrait on which animate and compare are timed; needs ``driving``; default: synthetic."""

    driving: Path | None = None
    """Driving clip for the same; needs ``source``; default: a synthetic one of smooth colours."""

    output: Path | None = None
    """JSON file for the results; default: the results are only printed."""

    def __post_init__(self):
        for name in ("output", "source", "driving"):
            value = getattr(self, name)
            setattr(self, name, Path(value) if value else None)
        if (self.source is None) != (self.driving is None):
            raise InputError("source, driving: found only one of them; give both or neither")
        if self.frames < 0 or self.frames == 1:
            raise InputError(f"frames: found {self.frames}, expected 0 or at least 2")
        for name in ("threads", "repeats"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: found {value}, expected at least 1")


def benchmark(config: BenchmarkConfig) -> dict[str, Any]:
    """Measure networks on this machine, one after the other.

    Returns a dictionary of ``machine`` (``processor``, ``instruction_sets``, ``device``,
    ``torch``), ``threads`` of each call and ``networks``, a list of:

    * ``checkpoint``, ``parameters``;
    * ``gmac_per_frame``: 1e9 multiply-adds per driving frame of ``full``, rectified by ``picture``
      or by ``points``;
    * ``stages``: NAME -> ``gmac``, 1e9 multiply-adds, and ``ms`` in float32 torch;
    * ``backends``: NAME -> ``peak_gmac_s``, the speed of a plain stack of convolutions in the same
      library and precision, and ``stages``: NAME -> ``ms`` and ``peak``, the share of that;
    * ``frame_ms``: BACKEND -> VARIANT or ``all four`` -> milliseconds from uint8 picture to uint8
      picture; on CUDA also of ``BACKEND, eager``, without CUDA graphs;
    * ``first_order_model``: its networks in eager torch on one thread: ``gmac``, ``cpu_ms`` of
      processor time per driving frame, and, timed alternately, ``full_cpu_ms``: BACKEND -> the
      same of ``full``; None on another device than the CPU;
    * ``commands``: COMMAND -> BACKEND -> :class:`ostnet.evaluation.timing.CommandCost`.

    Pictures are smooth colours; their content changes times by a few percent.
    """
    threads, device = config.threads or all_threads(), choose_device(config.device)
    result = {
        "machine": {
            "processor": processor_name(),
            "instruction_sets": instruction_sets(),
            "device": device_name(device),
            "torch": torch.__version__,
        },
        "threads": threads,
        "networks": [
            _network(config, hub.resolve(name, config.device), device, threads)
            for name in config.checkpoint or (None,)
        ],
    }
    if config.output:
        config.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def _network(
    config: BenchmarkConfig, found: hub.Checkpoint, device: torch.device, threads: int
) -> dict[str, Any]:
    with _threads(threads):
        model = in_torch(found.folder, device)
        picture = smooth_picture(model.config.resolution)
        frame = to_tensor(picture, len(picture), device, "picture")
        animators = _animators(model, device, picture)
        stages = _stages(model, frame, config.repeats)
        gmac = {part: stages[part]["gmac"] for part in PER_FRAME["full"]}
        result = {
            "checkpoint": found.name,
            "parameters": sum(weight.numel() for weight in model.parameters()),
            "gmac_per_frame": {
                "picture": sum(gmac.values()),
                "points": sum(gmac[part] for part in gmac if part not in BY_PICTURE),
            },
            "stages": stages,
            "frame_ms": {
                name: {
                    **{v: _frame_ms(animator, [v], picture, config.repeats) for v in VARIANTS},
                    ALL: _frame_ms(animator, [*VARIANTS], picture, config.repeats),
                }
                for name, animator in animators.items()
            },
            "backends": {
                name: _backend(animator, stages, frame, threads, config.repeats)
                for name, animator in animators.items()
            },
        }
    result["first_order_model"] = None
    if device.type == "cpu":
        result["first_order_model"] = _first_order_model(model, picture, config.repeats)
    result["commands"] = _commands(config, str(found.folder), usable(device, model))
    return result


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Set the number of threads of torch and of back ends that the block loads."""
    given, torchs = os.environ.get("OMP_NUM_THREADS"), torch.get_num_threads()
    os.environ["OMP_NUM_THREADS"] = str(count)
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(torchs)
        if given is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = given


def _animators(model: OSTNet, device: torch.device, source: np.ndarray) -> dict[str, Animator]:
    """Return an Animator of the source for each back end, on CUDA also one without graphs."""
    names = usable(device, model)
    animators = {name: Animator(model, str(device), name) for name in names}
    for name in names if device.type == "cuda" else ():
        animators[f"{name}, eager"] = eager = Animator(model, str(device), name)
        networks: Any = eager.networks
        networks.graphs = None
    for animator in animators.values():
        animator.set_source(source)
    return animators


@torch.inference_mode()
def _stages(model: OSTNet, frame: Tensor, repeats: int) -> dict[str, dict[str, float]]:
    return {
        name: {"ms": milliseconds(call, frame.device, repeats), "gmac": multiplications(call)}
        for name, call in stage_calls(model, frame).items()
    }


def _backend(
    animator: Animator, stages: dict, frame: Tensor, threads: int, repeats: int
) -> dict[str, Any]:
    """Return which share of the machine's peak one back end reaches, by stage."""
    reached = peak(animator.backend, frame.device, threads, repeats)
    given = frame if animator.networks.uses_torch else np.ascontiguousarray(frame.numpy())
    found = {}
    for name, call in stage_calls(animator.networks, given).items():
        ms = milliseconds(call, frame.device, repeats)
        found[name] = {"ms": ms, "peak": 1000 * stages[name]["gmac"] / ms / reached}
    return {"peak_gmac_s": reached, "stages": found}


def _frame_ms(animator: Animator, variants: list[str], picture: np.ndarray, repeats: int) -> float:
    """Return the median time of a frame in milliseconds, from picture to picture."""
    graphs = getattr(animator.networks, "graphs", None)
    warm_up = WARM_UP + (EAGER_CALLS if graphs else 0)
    frames = animator.variants([picture] * (repeats + warm_up), variants)
    return float(np.median([made[variants[0]].ms for made in frames][warm_up:]))


def _first_order_model(model: OSTNet, picture: np.ndarray, repeats: int) -> dict[str, Any]:
    """Return the processor time of first-order-model and of ``full``, on one thread.

    Other machines can be compared by their ratio.
    """
    with _threads(1):
        calls = {REFERENCE: FirstOrderModel.frame_call()}
        for name, animator in _animators(model, torch.device("cpu"), picture).items():
            calls[name] = partial(next, animator.animate(repeat(picture)))
        spent = processor_ms(calls, min(repeats, REFERENCE_FRAMES))
        gmac = multiplications(calls[REFERENCE])
    return {"gmac": gmac, "cpu_ms": spent.pop(REFERENCE), "full_cpu_ms": spent}


def _commands(config: BenchmarkConfig, checkpoint: str, backends: list[str]) -> dict[str, Any]:
    """Return COMMAND -> BACKEND -> cost; empty without frames, and on Windows."""
    if config.frames == 0 or sys.platform == "win32":
        return {}
    flags = ["--checkpoint", checkpoint, "--device", config.device]
    if config.source and config.driving:
        inputs = nullcontext((config.source, config.driving))
    else:
        inputs = synthetic_inputs(config.frames)
        flags += ["--source-crop", "none", "--driving-crop", "none"]
    with inputs as (source, driving):
        return {
            command: {
                name: asdict(command_cost(command, source, driving, *flags, "--backend", name))
                for name in backends
            }
            for command in ("animate", "compare")
        }
