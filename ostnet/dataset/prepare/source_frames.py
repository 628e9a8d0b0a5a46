"""Frames of a stretch of a video at one rate, in constant memory."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import ffmpeg, open_input, reason, stop
from ostnet.media.probe import VideoInfo
from ostnet.media.tone import HIGH_RANGE, to_standard_range

STOPPED = (255,)
"""What ffmpeg returns after a signal; what it had read by then must not pass for the whole."""


def source_frames(
    path: Path, info: VideoInfo, fps: int, start: float = 0.0, end: float | None = None
) -> Iterator[np.ndarray]:
    """Yield uint8 RGB (H, W, 3) of the seconds [start, end), ``fps`` of them a second.

    Frames are repeated or left out where the video has another rate, never blended; the sizes of
    ``info`` hold for all of them. A high dynamic range becomes the standard one, as everywhere. A
    damaged file yields what can be decoded. Raises InputError where there is nothing, OSError where
    ffmpeg is killed on the way.
    """
    stretch = ["-ss", f"{start:.6f}"] if start > 0 else []
    if end is not None:
        stretch += ["-t", f"{end - start:.6f}"]
    tone = to_standard_range(info.transfer) if info.transfer in HIGH_RANGE else []
    filters = [f"fps={fps}", *tone, f"scale={info.width}:{info.height}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ffmpeg(
                *("-loglevel", "error", *stretch, *open_input(path), "-map", "0:V:0"),
                *("-vf", ",".join(filters), "-pix_fmt", "rgb24"),
                *("-f", "rawvideo", "-"),
            ),
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=1 << 20,
            start_new_session=True,
        )
        count = 0
        try:
            while True:
                frame = np.empty((info.height, info.width, 3), np.uint8)
                if process.stdout.readinto(memoryview(frame).cast("B")) != frame.nbytes:
                    break
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
