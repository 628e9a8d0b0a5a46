"""Times and counts of a frame's stages, of calls, and of whole commands."""

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from ostnet.backends.registry import Backend
from ostnet.errors import InputError
from ostnet.media.video import VideoWriter, probe
from ostnet.model.ostnet import OSTNet

STAGES = {
    "encode": "source: keypoints and encoder features, once per video",
    "keypoints": "keypoints of the driving frame",
    "align": "T_theta on two sets of keypoints",
    "rectify": "thin-plate spline grid and sampling of the driving frame",
    "keypoints_again": "keypoints of the rectified frame",
    "motion": "dense motion",
    "generator": "warp and decode, with the scale embedding",
}
"""Stage -> what it does."""

PER_FRAME = {
    "full": ("keypoints", "align", "rectify", "keypoints_again", "motion", "generator"),
    "neither": ("keypoints", "motion", "generator"),
}
"""Method -> its stages per driving frame; ``neither`` is the backbone without the module."""

WARM_UP = 2
"""Calls before the timed ones."""

SIDE = 256

USAGE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""
"""Program that runs a command and prints its processor time and peak memory. It is a small process
of its own, because the peak of a child is at least the memory of the process that starts it."""


def stage_calls(model: OSTNet | Backend, frame: Any) -> dict[str, Callable[[], Any]]:
    """Return each stage as a call without arguments; the picture (1, 3, H, W) drives itself.

    Args:
        model: the networks, or a back end.
        frame: a tensor, or an array for a back end without torch.
    """
    state = model.encode(frame)
    alignment = model.align(state.keypoints, state.keypoints)
    motion: Any = model.move(state, state.keypoints)
    return {
        "encode": lambda: model.encode(frame),
        "keypoints": lambda: model.keypoints(frame),
        "align": lambda: model.align(state.keypoints, state.keypoints),
        "rectify": lambda: model.rectify(frame, alignment.fiducials),
        "keypoints_again": lambda: model.keypoints(frame),
        "motion": lambda: model.move(state, state.keypoints),
        "generator": lambda: model.paint(state, motion, alignment.z),
    }


def milliseconds(call: Callable[[], Any], device: torch.device, repeats: int) -> float:
    """Return the median wall time of a call in milliseconds."""
    times = []
    for repeat in range(repeats + WARM_UP):
        started = time.perf_counter()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if repeat >= WARM_UP:
            times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def processor_ms(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Return the median processor time of each call in milliseconds, all threads of this process.

    The calls take turns, so that other load on the machine affects all alike.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            call()  # loads its weights into the processor's caches
            started = time.process_time()
            call()
            spent[name].append(1000 * (time.process_time() - started))
    return {name: float(np.median(times)) for name, times in spent.items()}


def multiplications(call: Callable[[], Any]) -> float:
    """Return the multiply-adds of convolutions and matrix products of a call, in 1e9."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / 2e9


def device_name(device: torch.device) -> str:
    """Return the GPU's name, or the CPU's architecture and the threads in use."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


def processor_name() -> str:
    """Return the name that the CPU gives itself, or else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def instruction_sets() -> list[str]:
    """Return which of the CPU's vector instruction sets matter to the back ends' speed."""
    known = {
        "AVX2": torch.cpu._is_avx2_supported,
        "AVX-512": torch.cpu._is_avx512_supported,
        "AVX-512 VNNI": torch.cpu._is_vnni_supported,
        "AVX-512 BF16": torch.cpu._is_avx512_bf16_supported,
        "AMX": torch.cpu._is_amx_tile_supported,
    }
    return [name for name, is_supported in known.items() if is_supported()]


def smooth_picture(size: int, coarse: np.ndarray | None = None) -> np.ndarray:
    """Return a picture of smooth colours, uint8 (size, size, 3), from (8, 8, 3) or a fixed draw.

    On noise, flows are random, and sampling at scattered positions is slower.
    """
    if coarse is None:
        coarse = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class CommandCost:
    """The cost of one command on one clip."""

    start_s: float
    """Seconds from the program's start to its end on a clip of one frame."""
    fps: float
    """Frames per second beyond the first; reading, encoding and writing included."""
    cpu_ms: float
    """Milliseconds of processor time per frame beyond the first, all threads and processes."""
    peak_mib: float
    """Peak memory of the program, or of a process that it started, on the whole clip."""


@contextmanager
def synthetic_inputs(frames: int) -> Iterator[tuple[Path, Path]]:
    """Yield a portrait and a clip of smooth colours, without a face; they are deleted after."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        coarse = np.random.default_rng(0).integers(0, 256, (frames + 8, 8, 3), dtype=np.uint8)
        Image.fromarray(smooth_picture(SIDE, coarse[:8])).save(folder / "source.png")
        with VideoWriter(folder / "driving.mp4", Fraction(25)) as writer:
            for index in range(frames):
                writer.write(smooth_picture(SIDE, coarse[index : index + 8]))
        yield folder / "source.png", folder / "driving.mp4"


def command_cost(command: str, source: Path, driving: Path, *flags: str) -> CommandCost:
    """Run ``animate`` or ``compare`` on a clip's first frame twice, then on all of it.

    The first run does not count, since it may build graphs that later runs find in the cache.

    Raises:
        InputError: the clip has one frame only, or the command fails.
    """
    frames = probe(driving).frames
    if frames < 2:
        raise InputError("driving: the clip has only one frame; give a longer one")
    words = ["--source", str(source), "--driving", str(driving), *flags]
    _run(command, *words, "--max-frames", "1")
    start, start_cpu, _ = _run(command, *words, "--max-frames", "1")
    whole, whole_cpu, peak = _run(command, *words)
    fps = (frames - 1) / max(whole - start, 1e-9)
    return CommandCost(start, fps, 1000 * (whole_cpu - start_cpu) / (frames - 1), peak)


def _run(command: str, *flags: str) -> tuple[float, float, float]:
    """Return seconds of wall time and of processor time, and the peak memory in MiB."""
    with tempfile.TemporaryDirectory() as place:
        output = Path(place) / ("made.mp4" if command == "animate" else "made")
        words = [sys.executable, "-c", USAGE, sys.executable, "-m", "ostnet", command, *flags]
        words += ["--output", str(output)]
        started = time.perf_counter()
        ended = subprocess.run(words, capture_output=True, encoding="utf-8", errors="replace")
        seconds = time.perf_counter() - started
    complaint = ended.stderr.strip().splitlines()
    if ended.returncode:
        raise InputError(complaint[-1].removeprefix("ostnet: error: ") if complaint else command)
    cpu, peak = map(float, ended.stdout.split())
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes on macOS, KiB elsewhere
    return seconds, cpu, peak / unit
