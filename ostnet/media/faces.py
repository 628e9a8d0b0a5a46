"""Face detectors behind one call: `detect(image) -> list[Box]`.

BlazeFace is the default; its weights are part of this package. The S3FD network of the
face-alignment package and dlib's detector are used where they are installed.
"""

import importlib.util
import math
import os
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ostnet.errors import InputError

CHOICE = "OSTNET_FACE_DETECTOR"
"""Environment variable that names the detector for "auto"."""

PACKAGES = {"blazeface": "openvino", "face-alignment": "face_alignment", "dlib": "dlib"}
"""Detector -> module that it needs; in the order in which "auto" tries them."""

HALF = 0.35
"""Share of a face's width or height beyond the picture's edges above which it is half a face.

None of 7,230 uncut faces has more; of 40 faces cut to 55 % at each side, 94 % have.
"""


@dataclass(frozen=True)
class Box:
    """A face from forehead to chin, in pixels of its picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def side(self) -> float:
        """The longer side, in pixels."""
        return max(self.width, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap(self, other: "Box") -> float:
        """Return the intersection over union with another box, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(width, 0.0) * max(height, 0.0)
        return shared / (self.width * self.height + other.width * other.height - shared)

    def is_half(self, picture: "Box") -> bool:
        """Return whether much of the face lies beyond the edges of its picture."""
        width = min(self.right, picture.right) - max(self.left, picture.left)
        height = min(self.bottom, picture.bottom) - max(self.top, picture.top)
        return min(width / self.width, height / self.height) < 1 - HALF


class Detector(Protocol):
    """Finds faces in a picture."""

    name: str
    most_samples: int
    """Largest number of frames of a clip to examine, so that this takes seconds, not minutes."""

    def detect(self, image: np.ndarray) -> list[Box]:
        """Find faces in a uint8 RGB picture (H, W, 3), largest first."""
        ...


def make_detector(name: str = "auto", device: str = "cpu") -> Detector:
    """Return a detector, for use in one thread.

    Args:
        name: "blazeface", "face-alignment", "dlib", or "auto": the one that the environment
            variable OSTNET_FACE_DETECTOR names, else the first that works. face-alignment loads its
            weights from torch's cache or downloads them.
        device: where face-alignment's network runs.

    Raises:
        InputError: it is not installed, or its weights cannot be downloaded.
        ValueError: there is no detector of that name.
    """
    if name == "auto":
        name = os.environ.get(CHOICE, name)
    if name not in ("auto", *PACKAGES):
        raise ValueError(f"detector is auto, {', '.join(PACKAGES)}, found {name!r}")
    for each in PACKAGES if name == "auto" else (name,):
        if importlib.util.find_spec(PACKAGES[each]) is not None:
            detector = _load(each, device)
            if detector is not None:
                return detector
    if name == "auto":
        raise InputError("face detector: none is installed; install the package openvino, "
                         "or switch the crops to none")  # fmt: skip
    raise InputError(f"face detector: {name} is not installed or its weights cannot be downloaded; "
                     "install it and allow the download, or choose auto")  # fmt: skip


def _load(name: str, device: str) -> Detector | None:
    """Return an installed detector, None where its weights cannot be downloaded."""
    if name == "blazeface":
        from ostnet.media.detector_blazeface import BlazeFaceDetector

        return BlazeFaceDetector()
    if name == "dlib":
        from ostnet.media.detector_dlib import DlibDetector

        return DlibDetector()
    from ostnet.media.detector_s3fd import S3fdDetector, weights_file

    weights = weights_file()
    return None if weights is None else S3fdDetector(weights, device)


def largest_first(boxes: list[Box]) -> list[Box]:
    """Sort boxes by area."""
    return sorted(boxes, key=lambda box: box.width * box.height, reverse=True)


def resized(image: np.ndarray, side: int, mode: str) -> tuple[np.ndarray, float]:
    """Scale a picture to the area of a square of that side; return it and the factor."""
    from PIL import Image

    height, width = image.shape[:2]
    ratio = side / math.sqrt(height * width)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = Image.fromarray(image).convert(mode).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small), ratio
