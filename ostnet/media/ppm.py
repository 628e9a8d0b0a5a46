"""Decoded pictures out of a decoder's pipe."""

import re
from collections.abc import Iterator

import numpy as np


def pictures(pipe) -> Iterator[np.ndarray]:
    """The pictures of a stream, in order; see :func:`read_ppm`."""
    while (frame := read_ppm(pipe)) is not None:
        yield frame


def read_ppm(pipe) -> np.ndarray | None:
    """The next picture of a stream of binary PPM files, whose headers tell their size.

    uint8 (H, W, 3), writable; None at the end of the stream, and where it was cut off.
    """
    if pipe.readline().strip() != b"P6":
        return None
    size = re.fullmatch(rb"([1-9]\d{0,4}) ([1-9]\d{0,4})\n", pipe.readline(20))
    if size is None:
        return None
    width, height = int(size[1]), int(size[2])
    pipe.readline()  # the largest value, 255
    frame = np.empty((height, width, 3), np.uint8)
    filled = pipe.readinto(memoryview(frame).cast("B"))
    return frame if filled == frame.nbytes else None
