"""What a frame costs: parameters, multiplications, milliseconds by stage, beside the alternatives.

Times are medians on the machine at hand, one frame at a time, and belong to it.
"""

import platform
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from ostnet.evaluation.clips import Clip, load_frames
from ostnet.evaluation.methods import to_batch
from ostnet.evaluation.protocols import Bench
from ostnet.evaluation.tables import Row

REPEATS = 20
"""Timed calls per stage, after two that are not counted."""

STAGES = {
    "encode": "source: keypoints and encoder taps, once per video",
    "keypoints": "keypoints of the driving frame",
    "align": "T_theta on two sets of keypoints",
    "rectify": "thin-plate spline grid and sampling of the driving frame",
    "keypoints_again": "keypoints of the rectified frame",
    "motion": "dense motion",
    "generator": "warp and decode, z embedded",
}
"""Stage -> what it does."""

PER_FRAME = {
    "full": ("keypoints", "align", "rectify", "keypoints_again", "motion", "generator"),
    "neither": ("keypoints", "motion", "generator"),
}
"""Method -> its stages per driving frame; ``neither`` is the backbone without the module."""


@torch.inference_mode()
def measure(bench: Bench, clips: Sequence[Clip], dataset: str) -> list[Row]:
    """Rows of the protocol ``efficiency`` on the first frame of the first clip."""
    image = load_frames(bench.data / clips[0].file, [0])[0]
    stages = _stages(bench.model, image)
    device = next(bench.model.parameters()).device
    machine = f"torch {torch.__version__}, {_device_name(device)}, batch 1, float32"
    head = {"protocol": "efficiency", "dataset": dataset, "backend": machine, "failures": 0}

    def row(method: str, metric: str, value: float, definition: str) -> Row:
        return {
            "method": method,
            "metric": metric,
            "value": value,
            "definition": definition,
            "frames": REPEATS,
            **head,
        }

    times = {name: _milliseconds(call, device) for name, call in stages.items()}
    operations = {name: _multiplications(call) for name, call in stages.items()}
    parameters = sum(parameter.numel() for parameter in bench.model.parameters())
    rows = [row("full", "parameters", parameters, "parameters of the checkpoint")]
    for name, what in STAGES.items():
        rows.append(row("full", f"ms_{name}", times[name], f"median time, ms: {what}"))
        rows.append(row("full", f"gmac_{name}", operations[name], f"1e9 multiply-adds: {what}"))
    for method, parts in PER_FRAME.items():
        listed = ", ".join(parts)
        milliseconds = sum(times[part] for part in parts)
        rows.append(row(method, "ms_per_frame", milliseconds, f"sum of the stages {listed}, ms"))
        total = sum(operations[part] for part in parts)
        rows.append(row(method, "gmac_per_frame", total, f"1e9 multiply-adds of {listed}"))
    search = _milliseconds(lambda: bench.reader.landmarker.landmarks(image), device)
    text = (
        "median time of the landmarks of one frame, ms: what the search for an anchor frame costs "
        f"for every driving frame before the first is shown ({bench.reader.landmarker.name})"
    )
    return [*rows, row("anchor_relative", "ms_search_per_frame", search, text)]


def _stages(model, image: np.ndarray) -> dict[str, Callable]:
    """Each stage as a call without arguments; the picture drives itself."""
    frame = to_batch([image], next(model.parameters()).device)
    state = model.encode(frame)
    alignment = model.align(state.keypoints, state.keypoints)
    flow, occlusion = model.motion(state.small, state.keypoints, state.keypoints)
    return {
        "encode": lambda: model.encode(frame),
        "keypoints": lambda: model.keypoints(frame),
        "align": lambda: model.align(state.keypoints, state.keypoints),
        "rectify": lambda: model.rectify(frame, alignment.fiducials),
        "keypoints_again": lambda: model.keypoints(frame),
        "motion": lambda: model.motion(state.small, state.keypoints, state.keypoints),
        "generator": lambda: model.generator(state.taps, flow, occlusion, alignment.z),
    }


def _milliseconds(call: Callable, device: torch.device) -> float:
    """Median wall time of a call in milliseconds."""
    times = []
    for repeat in range(REPEATS + 2):
        started = time.perf_counter()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if repeat >= 2:
            times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def _multiplications(call: Callable) -> float:
    """Multiply-adds of convolutions and matrix products of a call, in 1e9."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / 2e9


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
