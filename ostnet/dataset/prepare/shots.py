"""Shots of a video and the faces in some of their frames.

PySceneDetect is not used, since it installs a second build of OpenCV.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from ostnet.media.faces import Box

SAMPLES = 48
"""Side in pixels to which a frame is sampled for its histograms."""

CELLS = 4
"""Cells per side of the grid on which frames are compared."""

MOST_CHANGED = 4
"""Number of the most changed cells that count; the background may be the same after a cut."""

LEVELS = 4
"""Levels of each colour channel in a histogram."""

MEMORY = 8
"""Number of previous changes whose median is the usual change."""

STANDS_OUT = 3.0
"""Least change of a cut, as a multiple of the usual change."""


@dataclass(frozen=True)
class Face:
    """A face in one frame."""

    box: Box
    sharpness: float
    """See :func:`ostnet.dataset.prepare.quality.sharpness`."""


@dataclass(frozen=True)
class Look:
    """The faces of one frame, largest first."""

    frame: int
    faces: list[Face]


@dataclass(frozen=True)
class Shot:
    """Frames [start, end) between two cuts."""

    start: int
    end: int
    looks: list[Look]
    """Faces in the first frame, every few frames, and the last."""


class CutDetector:
    """Detects hard cuts (not dissolves): changes of colour that are large and unusual."""

    def __init__(self, threshold: float):
        self.threshold = threshold
        self._last = None
        self._changes = deque(maxlen=MEMORY)

    def is_cut(self, frame: np.ndarray) -> bool:
        """Return whether a uint8 frame (H, W, 3) starts a new shot; False for the first frame."""
        colours = colour_histograms(frame)
        last, self._last = self._last, colours
        if last is None:
            return False
        change = difference(last, colours)
        usual = median(self._changes) if self._changes else 0.0
        self._changes.append(change)
        return change > self.threshold and change > STANDS_OUT * usual


def colour_histograms(frame: np.ndarray) -> np.ndarray:
    """Return colour histograms of a uint8 frame: (CELLS**2, LEVELS**3), rows sum to 1."""
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
    """Return the share of pixels with another colour, 0 to 1, in the most changed cells."""
    changed = np.abs(one - other).sum(axis=1) / 2
    return float(np.sort(changed)[-MOST_CHANGED:].mean())


def scan(
    frames: Iterable[np.ndarray],
    find: Callable[[int, np.ndarray], list[Face]],
    every: int,
    threshold: float,
) -> Iterator[Shot]:
    """Yield the shots of a stream of frames; two frames are in memory at a time.

    Args:
        frames: uint8 (H, W, 3).
        find: finds the faces in a frame, given with its number.
        every: distance of the frames in which faces are detected.
        threshold: least change of a cut, 0 to 1.
    """
    cuts = CutDetector(threshold)
    start, index = 0, -1
    looks: list[Look] = []
    last: np.ndarray | None = None

    def shot() -> Shot:
        if last is not None and looks[-1].frame != index:
            looks.append(Look(index, find(index, last)))
        return Shot(start, index + 1, looks)

    for frame in frames:
        if cuts.is_cut(frame):
            yield shot()
            start, looks = index + 1, []
        index, last = index + 1, frame
        if (index - start) % every == 0:
            looks.append(Look(index, find(index, frame)))
    if last is not None:
        yield shot()
