"""What the commands take as a user runs them: from the program's start to the finished file."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ostnet.errors import InputError
from ostnet.media.video import VideoWriter, probe

SIDE = 256

WATCHES = hasattr(os, "wait4")
"""Whether the system says how much memory programs took."""

WATCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""Runs a command and prints its most memory. By a program between, as what this one has itself
counts for those that it starts."""


@dataclass(frozen=True)
class Cost:
    """Of one command on one clip."""

    start_s: float
    """Seconds from the program's start to its end on a clip of one frame."""
    fps: float
    """Frames a second beyond the first; reading, encoding and writing included."""
    cpu_ms: float
    """Milliseconds of processor time a frame beyond the first, all threads and programs."""
    peak_mib: float | None
    """Most memory of the program, or of one that it started, on the whole clip; None where the
    system does not say."""


@dataclass(frozen=True)
class Clip:
    """What the commands run on."""

    source: Path
    driving: Path
    crops: tuple[str, ...] = ()
    """Flags that say which squares to take."""


@contextmanager
def made_up(frames: int) -> Iterator[Clip]:
    """A portrait and a clip of smooth colours, without a face: one is looked for in every frame."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        coarse = np.random.default_rng(0).integers(0, 256, (frames + 8, 8, 3), dtype=np.uint8)

        def picture(first: int) -> np.ndarray:
            image = Image.fromarray(coarse[first : first + 8])
            return np.array(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))

        Image.fromarray(picture(0)).save(folder / "source.png")
        with VideoWriter(folder / "driving.mp4", 25) as writer:
            for index in range(frames):
                writer.write(picture(index))
        crops = ("--source-crop", "none", "--driving-crop", "none")
        yield Clip(folder / "source.png", folder / "driving.mp4", crops)


def command_cost(command: str, clip: Clip, *flags: str) -> Cost:
    """Run ``animate`` or ``compare`` on a clip's first frame twice, then on all of it.

    The first run may build and keep what later ones find; it does not count.

    Raises:
        InputError: the clip has one frame only, or the command fails.
    """
    frames = probe(clip.driving).frames
    if frames < 2:
        raise InputError("driving: the clip has one frame only; give a longer one to time")
    one = ["--max-frames", "1"]
    _run(command, clip, *flags, *one)
    start, start_cpu, _ = _run(command, clip, *flags, *one)
    whole, whole_cpu, peak = _run(command, clip, *flags)
    further = frames - 1
    return Cost(
        start_s=start,
        fps=further / max(whole - start, 1e-9),
        cpu_ms=1000 * (whole_cpu - start_cpu) / further,
        peak_mib=peak,
    )


def _run(command: str, clip: Clip, *flags: str) -> tuple[float, float, float | None]:
    """Seconds of wall time and of processor time, and the most memory in MiB."""
    with tempfile.TemporaryDirectory() as place:
        output = Path(place) / ("made.mp4" if command == "animate" else "made")
        words = [sys.executable, "-m", "ostnet", command, *clip.crops, *flags]
        words += ["--source", str(clip.source), "--driving", str(clip.driving)]
        started, before = time.perf_counter(), os.times()
        watched = [*words, "--output", str(output)]
        if WATCHES:
            watched = [sys.executable, "-c", WATCH, *watched]
        ended = subprocess.run(watched, capture_output=True, encoding="utf-8", errors="replace")
        seconds, after = time.perf_counter() - started, os.times()
    complaint = ended.stderr.strip().splitlines()
    if ended.returncode:
        raise InputError(complaint[-1].removeprefix("ostnet: error: ") if complaint else command)
    cpu = after.children_user + after.children_system
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
    peak = int(ended.stdout) / unit if WATCHES else None
    return seconds, cpu - before.children_user - before.children_system, peak
