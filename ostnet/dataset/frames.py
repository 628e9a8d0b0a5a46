"""Decoder of a data set's clips and stills."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np


def read_frames(
    path: Path, indices: Iterable[int], resolution: int, still: bool = False
) -> Iterator[np.ndarray]:
    """Read frames of a file at one size; stop early at the end of the file.

    Args:
        path: a clip or, with ``still``, a picture.
        indices: rising frame numbers; ignored for a still.
        resolution: side R of the frames, in pixels.
        still: the file is a picture.

    Yields:
        uint8 RGB (R, R, 3).

    Raises:
        ValueError: the file cannot be read or is not square.
    """
    for image in _picture(path) if still else _video(path, indices):
        height, width = image.shape[:2]
        if height != width:
            raise ValueError(f"found {width}x{height} pixels, expected a square picture")
        if height != resolution:
            how = cv2.INTER_AREA if height > resolution else cv2.INTER_LINEAR
            image = cv2.resize(image, (resolution, resolution), interpolation=how)
        yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def count_frames(path: Path) -> int:
    """Return the number of frames in a video's header; 0 if it cannot be read."""
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return max(count, 0)


def _picture(path: Path) -> Iterator[np.ndarray]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("not a picture that OpenCV can read")
    yield image


def _video(path: Path, indices: Iterable[int]) -> Iterator[np.ndarray]:
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise ValueError("not a video that OpenCV can read")
        position = -1
        for index in indices:
            while position < index:
                if not capture.grab():
                    return
                position += 1
            read, image = capture.retrieve()
            if not read:
                return
            yield image
    finally:
        capture.release()
