"""Where one person's face is over a clip, from a sample of its frames."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from statistics import median

import numpy as np

from ostnet.errors import InputError
from ostnet.media.faces import Box, Detector

STRIDE = 5
"""Frames from one look for faces to the next, in a short clip."""

REACH = 1.5
"""Face sides by which a face may move from one look to the next, where several are in sight."""


@dataclass(frozen=True)
class FaceTrack:
    """One face over a clip."""

    boxes: list[Box]
    """Where it was found, in order; empty if nowhere."""
    sampled: int
    """Number of frames in which it was looked for."""
    height: int
    """Of the frames, in pixels."""
    width: int
    """Of the frames, in pixels."""

    @property
    def share(self) -> float:
        """Share of the sampled frames in which the face was found, 0 to 1."""
        return len(self.boxes) / self.sampled

    @property
    def union(self) -> Box:
        """The smallest box around the face in all samples.

        A running median over five samples comes first, since the union of many noisy boxes
        would take every outlier for movement.
        """
        edges = np.array([astuple(box) for box in self.boxes])  # (samples, 4)
        padded = np.pad(edges, ((2, 2), (0, 0)), mode="edge")
        smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5, axis=0), axis=-1)
        return Box(*smooth.min(axis=0)[:2].tolist(), *smooth.max(axis=0)[2:].tolist())

    @property
    def side(self) -> float:
        """Median of the longer sides of the boxes, in pixels."""
        return median(box.side for box in self.boxes)

    @property
    def relative_height(self) -> float:
        """Median height of the face as a share of the frame's."""
        return median(box.height for box in self.boxes) / self.height


def track_face(
    frames: Iterable[np.ndarray],
    detector: Detector,
    face: int = 0,
    total: int | None = None,
    role: str = "driving",
) -> FaceTrack:
    """Follow one face through a clip in one pass that keeps one frame at a time.

    Looks at the first, the last and every fifth frame in between; where the number of frames
    `total` is known, at `detector.most_samples` at most, evenly spread (60 for most, so from about
    300 frames on); where it is not known, twice as far apart after every half of that number.
    `face` chooses among several (0 the largest, 1 the next), in the first sample that shows so
    many; from there each sample adds the nearest face. Raises InputError where `face` is more
    than were ever seen at once.
    """
    found = []
    height = width = 0
    for frame in sample_frames(frames, detector.most_samples, total):
        height, width = frame.shape[:2]
        found.append(detector.detect(frame))
    if not found:
        raise InputError(f"{role}: the clip has no frames; give another")
    return FaceTrack(follow(found, face, role), len(found), height, width)


def sample_frames(
    frames: Iterable[np.ndarray], most: int, total: int | None = None
) -> Iterator[np.ndarray]:
    """The frames that `track_face` looks at; `most` of them at most where `total` is known."""
    stride = STRIDE
    if total is not None:
        stride = max(STRIDE, math.ceil((total - 1) / (most - 2)))
    following, taken, last = 0, 0, None
    for index, frame in enumerate(frames):
        last = frame
        if index == following:
            yield frame
            last = None
            taken += 1
            if total is None and taken % (most // 2) == 0:
                stride *= 2
            following += stride
    if last is not None:
        yield last


def follow(found: list[list[Box]], face: int, role: str) -> list[Box]:
    """The boxes of one face among those of each sample, each sample's largest first."""
    most = max(map(len, found))
    if most <= face:
        if most == 0 and face == 0:
            return []
        raise InputError(f"{role}: face {face} was asked for, but {most} were found at most; "
                         f"faces count from 0, the largest")  # fmt: skip
    if most == 1:
        return [boxes[0] for boxes in found if boxes]
    start = next(index for index, boxes in enumerate(found) if len(boxes) > face)
    anchor = found[start][face]
    before = _follow_from(anchor, reversed(found[:start]))
    after = _follow_from(anchor, found[start + 1 :])
    return [*reversed(before), anchor, *after]


def _follow_from(box: Box, found: Iterable[list[Box]]) -> list[Box]:
    """The nearest box of each sample, as long as it is within reach of the one before."""
    path = []
    for boxes in found:
        nearest = min(boxes, key=lambda other: math.dist(box.centre, other.centre), default=None)
        if nearest and math.dist(box.centre, nearest.centre) <= REACH * max(box.side, nearest.side):
            path.append(nearest)
            box = nearest
    return path
