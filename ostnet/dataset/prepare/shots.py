"""Where one shot ends and the next begins.

A small detector of our own: PySceneDetect installs a second build of OpenCV.
"""

from collections import deque
from statistics import median

import numpy as np

SAMPLES = 48
"""Pixels per side at which a frame is looked at."""

CELLS = 4
"""A frame is compared cell by cell, on a grid of so many cells a side."""

MOST_CHANGED = 4
"""Cells that count, the most changed ones: a cut may leave a wall behind the people as it is."""

LEVELS = 4
"""Levels of red, green and blue in a histogram."""

MEMORY = 8
"""Changes before this one that say how restless the video is here."""

STANDS_OUT = 3.0
"""A cut changes the picture this many times as much as its neighbours do."""


class CutDetector:
    """Finds hard cuts in a stream of frames: a change of colours that is large and stands out.

    Slow dissolves are not found.
    """

    def __init__(self, threshold: float):
        self.threshold = threshold
        self._last = None
        self._changes = deque(maxlen=MEMORY)

    def is_cut(self, frame: np.ndarray) -> bool:
        """Whether a uint8 frame (H, W, 3) begins a new shot; the first one does not."""
        colours = colour_histograms(frame)
        last, self._last = self._last, colours
        if last is None:
            return False
        change = difference(last, colours)
        usual = median(self._changes) if self._changes else 0.0
        self._changes.append(change)
        return change > self.threshold and change > STANDS_OUT * usual


def colour_histograms(frame: np.ndarray) -> np.ndarray:
    """Shares of the colours in each cell of a uint8 frame: (CELLS**2, LEVELS**3), rows sum to 1."""
    height, width = frame.shape[:2]
    rows = np.linspace(0, height - 1, SAMPLES).astype(int)
    columns = np.linspace(0, width - 1, SAMPLES).astype(int)
    levels = frame[rows[:, None], columns].astype(np.int64) * LEVELS // 256  # (S, S, 3)
    colour = levels @ [LEVELS * LEVELS, LEVELS, 1]
    cell = np.arange(SAMPLES) * CELLS // SAMPLES
    bins = (cell[:, None] * CELLS + cell) * LEVELS**3 + colour
    counts = np.bincount(bins.ravel(), minlength=CELLS**2 * LEVELS**3)
    return counts.reshape(CELLS**2, -1) / (SAMPLES / CELLS) ** 2


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the pixels that changed their colour, 0 to 1, over the most changed cells."""
    changed = np.abs(one - other).sum(axis=1) / 2
    return float(np.sort(changed)[-MOST_CHANGED:].mean())
