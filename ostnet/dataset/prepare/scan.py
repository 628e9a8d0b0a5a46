"""One pass over a stretch of video: its shots, and the faces seen now and then."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ostnet.dataset.prepare.shots import CutDetector
from ostnet.media.faces import Box


@dataclass(frozen=True)
class Face:
    """A face in one frame."""

    box: Box
    sharpness: float
    """See ``quality.sharpness``."""


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
    """At the first frame, every few frames, and at the last."""


def scan(
    frames: Iterable[np.ndarray],
    find: Callable[[int, np.ndarray], list[Face]],
    every: int,
    threshold: float,
) -> Iterator[Shot]:
    """The shots of a stream of uint8 frames (H, W, 3); ``find`` is shown some, with their number.

    Keeps two frames at a time.
    """
    cuts = CutDetector(threshold)
    start, looks, index, last = 0, [], -1, None

    def shot() -> Shot:
        if looks[-1].frame != index:
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
