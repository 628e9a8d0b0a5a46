"""A face's place in a picture, and what detectors share."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Box:
    """A face from forehead to chin, in pixels of the picture it was found in."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right, in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom, in pixels."""
        return self.bottom - self.top

    @property
    def side(self) -> float:
        """The longer side, in pixels."""
        return max(self.width, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def largest_first(boxes: list[Box]) -> list[Box]:
    """The same, sorted by area."""
    return sorted(boxes, key=lambda box: box.width * box.height, reverse=True)


def resized(image: np.ndarray, side: int, mode: str) -> tuple[np.ndarray, float]:
    """The picture scaled to the area of a square of that side, and the factor that did it."""
    from PIL import Image

    height, width = image.shape[:2]
    ratio = side / math.sqrt(height * width)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = Image.fromarray(image).convert(mode).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small), ratio
