"""Videos as streams of frames: every frame in order, exactly once, in constant memory."""

import os
import subprocess
import tempfile
from collections.abc import Iterator

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file, ffmpeg, open_input, reason, stop
from ostnet.media.image import read_image
from ostnet.media.probe import SMALLEST, SQUARE_PIXELS, VideoInfo, probe
from ostnet.media.writer import VideoWriter

__all__ = ["VideoInfo", "VideoWriter", "probe", "read_frames", "read_image"]


def read_frames(
    path: str | os.PathLike, max_frames: int | None = None, role: str | None = None
) -> Iterator[np.ndarray]:
    """Yield the frames of a video as uint8 RGB (H, W, 3), as shown: rotated, square pixels.

    Each frame of the file comes exactly once and in order, also where the rate varies; grey and
    10-bit material is turned into 8-bit RGB, an alpha channel is dropped. A damaged file yields
    what can be decoded. `max_frames` stops early. Raises InputError, at the first frame, where
    there is none; `role` names the input there (default: the file's name).
    """
    file, name = existing_file(path, role)
    if max_frames is not None and max_frames < 1:
        raise InputError(f"{name}: cannot read {max_frames} frames; ask for at least 1")
    limit = [] if max_frames is None else ["-frames:v", str(max_frames)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ffmpeg(
                *("-loglevel", "error", *open_input(file)),
                *("-map", "0:V:0", "-fps_mode", "passthrough", *limit),
                *("-vf", SQUARE_PIXELS, "-pix_fmt", "rgb24"),
                *("-c:v", "ppm", "-f", "image2pipe", "-"),
            ),
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=1 << 20,
        )
        count = 0
        try:
            while (frame := _read_ppm(process.stdout)) is not None:
                if min(frame.shape[:2]) < SMALLEST:
                    size = f"{frame.shape[1]}x{frame.shape[0]}"
                    raise InputError(f"{name}: {size} pixels is too small; "
                                     f"give at least {SMALLEST} pixels a side")  # fmt: skip
                count += 1
                yield frame
            process.wait()
        finally:
            stop(process)
        if count == 0:
            log.seek(0)
            problem = reason(log.read())
            raise InputError(f"{name}: no frame can be read from '{file.name}' ({problem}); "
                             "give a video file such as MP4, MOV, WebM or GIF")  # fmt: skip


def _read_ppm(pipe) -> np.ndarray | None:
    """The next picture of a stream of binary PPM files, whose headers tell their size.

    uint8 (H, W, 3), writable; None at the end of the stream.
    """
    if pipe.readline().strip() != b"P6":
        return None
    width, height = map(int, pipe.readline().split())
    pipe.readline()  # the largest value, 255
    frame = np.empty((height, width, 3), np.uint8)
    filled = pipe.readinto(memoryview(frame).cast("B"))
    return frame if filled == frame.nbytes else None
