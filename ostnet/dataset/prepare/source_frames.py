"""Frames of a stretch of a video at one rate, in constant memory."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import ffmpeg, open_input, pictures, reason, stop, to_standard_range
from ostnet.media.probe import VideoInfo

STOPPED = (255,)
"""ffmpeg's exit status after a signal, when its output is incomplete."""


def source_frames(
    path: Path, info: VideoInfo, fps: int, start: float = 0.0, end: float | None = None
) -> Iterator[np.ndarray]:
    """Yield uint8 RGB (H, W, 3) of the seconds [start, end), ``fps`` frames per second.

    Where the video has another rate, frames are repeated or dropped, never blended; all frames get
    the size in ``info``. High dynamic range becomes standard range. A damaged file yields what can
    be decoded.

    Raises:
        InputError: there is no frame.
        OSError: ffmpeg was killed.
    """
    stretch = ["-ss", f"{start:.6f}"] if start > 0 else []
    if end is not None:
        stretch += ["-t", f"{end - start:.6f}"]
    tone = to_standard_range(info.transfer)
    filters = [f"fps={fps}", *tone, f"scale={info.width}:{info.height}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ffmpeg(
                *("-loglevel", "error", *stretch, *open_input(path), "-map", "0:V:0"),
                *("-vf", ",".join(filters), "-pix_fmt", "rgb24"),
                *("-c:v", "ppm", "-f", "image2pipe", "-"),
            ),
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=1 << 20,
            start_new_session=True,
        )
        count = 0
        try:
            for frame in pictures(process.stdout):
                count += 1
                yield frame
            if process.wait() in STOPPED or process.returncode < 0:
                raise OSError(f"the decoder was stopped while it read '{path}'")
        finally:
            stop(process)
        if count == 0:
            log.seek(0)
            problem = reason(log.read())
            raise InputError(f"{path.name}: no frame from second {start:.2f} on ({problem})")
