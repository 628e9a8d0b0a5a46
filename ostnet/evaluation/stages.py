"""The stages of one frame, each as a call that can be timed and counted."""

import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from ostnet.backends.interface import Backend
from ostnet.model.ostnet import OSTNet

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

WARM_UP = 2
"""Calls before the timed ones."""


def stage_calls(model: OSTNet | Backend, frame) -> dict[str, Callable]:
    """Each stage as a call without arguments; the picture (1, 3, H, W) drives itself.

    Args:
        model: the networks, or a back end.
        frame: a tensor, or an array for a back end without torch.
    """
    state = model.encode(frame)
    alignment = model.align(state.keypoints, state.keypoints)
    motion = model.move(state, state.keypoints)
    return {
        "encode": lambda: model.encode(frame),
        "keypoints": lambda: model.keypoints(frame),
        "align": lambda: model.align(state.keypoints, state.keypoints),
        "rectify": lambda: model.rectify(frame, alignment.fiducials),
        "keypoints_again": lambda: model.keypoints(frame),
        "motion": lambda: model.move(state, state.keypoints),
        "generator": lambda: model.paint(state, motion, alignment.z),
    }


def milliseconds(call: Callable, device: torch.device, repeats: int) -> float:
    """Median wall time of a call in milliseconds."""
    times = []
    for repeat in range(repeats + WARM_UP):
        started = time.perf_counter()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if repeat >= WARM_UP:
            times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def multiplications(call: Callable) -> float:
    """Multiply-adds of convolutions and matrix products of a call, in 1e9."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / 2e9


def device_name(device: torch.device) -> str:
    """The GPU's name, or the CPU's architecture and the threads in use."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
