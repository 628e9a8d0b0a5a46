"""``ostnet benchmark``: times of a frame here, by stage, back end, variant and command."""

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
from ostnet.backends.device import choose_device
from ostnet.errors import InputError
from ostnet.evaluation.reference_speed import FirstOrderModel, peak
from ostnet.evaluation.timing import (
    PER_FRAME,
    STAGES,
    WARM_UP,
    command_cost,
    device_name,
    milliseconds,
    multiplications,
    processor_ms,
    smooth_picture,
    stage_calls,
    synthetic_inputs,
)
from ostnet.methods import VARIANTS, switches
from ostnet.model.ostnet import OSTNet

REFERENCE = "first-order-model"
REFERENCE_FRAMES = 5
"""Frames at most that first-order-model computes; one takes about a second."""

WIDTH = 18
"""Characters of a column of the printed table."""


@dataclass
class BenchmarkConfig:
    """Options of ``ostnet benchmark``."""

    checkpoint: str | None = None
    """Folder or Hub repository of the network; default: the embedded weights."""

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
    """Measure one network.

    Returns a dictionary of:

    * ``checkpoint``, ``machine``, ``parameters``, ``threads`` of each call;
    * ``stages``: NAME -> ``gmac``, 1e9 multiply-adds, and ``ms`` in float32 torch;
    * ``backends``: NAME -> ``peak_gmac_s``, the speed of a plain stack of convolutions in the same
      library and precision, and ``stages``: NAME -> ``ms`` and ``peak``, the share of that;
    * ``frame_ms``: BACKEND -> VARIANT -> milliseconds from uint8 picture to uint8 picture;
    * ``first_order_model``: its networks in eager torch on one thread: ``gmac``, ``cpu_ms`` of
      processor time per driving frame, and, timed alternately, ``full_cpu_ms``: BACKEND -> the
      same of ``full``; None on another device than the CPU;
    * ``commands``: COMMAND -> BACKEND -> :class:`ostnet.evaluation.timing.CommandCost`.

    Pictures are smooth colours; their content changes times by a few percent.
    """
    threads = config.threads or all_threads()
    found = hub.resolve(config.checkpoint, config.device)
    device = choose_device(config.device)
    with _threads(threads):
        model = in_torch(found.folder, device)
        picture = smooth_picture(model.config.resolution)
        frame = to_tensor(picture, len(picture), device, "picture")
        animators = _animators(model, device, picture)
        stages = _stages(model, frame, config.repeats)
        result = {
            "checkpoint": found.name,
            "machine": f"torch {torch.__version__}, {device_name(device)}",
            "threads": threads,
            "parameters": sum(weight.numel() for weight in model.parameters()),
            "stages": stages,
            "backends": {
                name: _backend(animator, stages, frame, threads, config.repeats)
                for name, animator in animators.items()
            },
            "frame_ms": {
                name: {v: _frame_ms(animator, v, picture, config.repeats) for v in VARIANTS}
                for name, animator in animators.items()
            },
        }
    result["first_order_model"] = None
    if device.type == "cpu":
        result["first_order_model"] = _first_order_model(model, picture, config.repeats)
    result["commands"] = _commands(config, str(found.folder), list(animators))
    if config.output:
        config.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
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
    """Return an Animator of the source for each back end that works here."""
    animators = {name: Animator(model, str(device), name) for name in usable(device, model)}
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


def _frame_ms(animator: Animator, variant: str, picture: np.ndarray, repeats: int) -> float:
    """Return the median time of a frame in milliseconds, from picture to picture."""
    frames = animator.animate([picture] * (repeats + WARM_UP), *switches(variant))
    return float(np.median([frame.ms for frame in frames][WARM_UP:]))


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


def table(result: dict[str, Any]) -> str:
    """Return what :func:`benchmark` returned as lines of text."""
    lines = [
        f"{result['checkpoint']}: {result['parameters'] / 1e6:.2f} million parameters",
        f"{result['machine']}; {result['threads']} threads a call",
        *_stage_lines(result["stages"], result["backends"]),
        *["", _row("ms, picture to picture", [*VARIANTS])],
    ]
    for backend, times in result["frame_ms"].items():
        lines.append(_row(backend, [f"{times[name]:.1f}" for name in VARIANTS]))
    reference = result["first_order_model"]
    if reference is not None:
        lines += ["", _row("one thread", ["CPU ms a frame", "share"])]
        for backend, ms in reference["full_cpu_ms"].items():
            lines.append(_row(backend, [f"{ms:.1f}", _share(ms, reference)]))
        note = f"  eager torch, {reference['gmac']:.1f} GMAC; encodes the source in each frame"
        lines.append(_row(REFERENCE, [f"{reference['cpu_ms']:.0f}", "1"]) + note)
    for command, costs in result["commands"].items():
        head = ["frames/s", "CPU ms a frame", "share", "one frame, s", "peak MiB"]
        lines += ["", _row(f"ostnet {command}", head)]
        for backend, cost in costs.items():
            cells = [f"{cost['fps']:.1f}", f"{cost['cpu_ms']:.0f}"]
            cells += [_share(cost["cpu_ms"], reference), f"{cost['start_s']:.1f}"]
            lines.append(_row(backend, [*cells, f"{cost['peak_mib']:.0f}"]))
    return "\n".join(lines)


def _stage_lines(stages: dict[str, Any], backends: dict[str, Any]) -> list[str]:
    """Return milliseconds of each stage by back end, with the share of the peak."""
    lines = ["", _row("stage, ms (of peak)", ["GMAC", *backends])]
    for name, cost in stages.items():
        found = [backend["stages"][name] for backend in backends.values()]
        cells = [f"{stage['ms']:.1f} ({100 * stage['peak']:.0f} %)" for stage in found]
        lines.append(_row(name, [f"{cost['gmac']:.2f}", *cells]) + f"  {STAGES[name]}")
    parts = PER_FRAME["full"]
    sums = [sum(b["stages"][part]["ms"] for part in parts) for b in backends.values()]
    gmac = sum(stages[part]["gmac"] for part in parts)
    lines.append(_row("a frame of full", [f"{gmac:.2f}", *(f"{ms:.1f}" for ms in sums)]))
    peaks = [f"{backend['peak_gmac_s']:.0f}" for backend in backends.values()]
    return [*lines, _row("peak, GMAC/s", ["", *peaks]) + "  a plain stack of convolutions"]


def _share(ms: float, reference: dict[str, Any] | None) -> str:
    return "" if reference is None else f"{ms / reference['cpu_ms']:.3f}"


def _row(name: str, cells: list[str]) -> str:
    return f"{name:24}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)
