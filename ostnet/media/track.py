"""Positions of one person's face over a clip, from a sample of its frames."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from statistics import median

import numpy as np

from ostnet.errors import InputError
from ostnet.media.faces import Box, Detector
from ostnet.media.orientation import Orientation

STRIDE = 5
"""Distance of the sampled frames in a short clip."""

REACH = 1.5
"""Largest movement of a face between samples, in face sides, among several faces."""

PIXELS = 32
"""Side in pixels of the thumbnail by which the change of a frame is measured."""


@dataclass(frozen=True)
class FaceTrack:
    """One face over a clip."""

    boxes: list[Box]
    """Its box in each sample with the face, in order; may be empty."""
    sampled: int
    """Number of samples."""
    height: int
    """Height of the frames in pixels, after the turns."""
    width: int
    frames: list[int] = field(default_factory=list)
    """Number of the frame of each box."""
    changes: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Mean absolute difference of every frame from the one before, in [0, 1]."""
    turns: int = 0
    """Counter-clockwise quarter turns of the frames, as in `np.rot90`."""
    first: int = 0
    """First frame of the track."""
    last: int = 0
    """Frame after its last one."""

    @property
    def share(self) -> float:
        """Share of the samples with the face, 0 to 1."""
        return len(self.boxes) / self.sampled

    @property
    def union(self) -> Box:
        """The smallest box around all boxes, after a running median over five samples.

        Without the median every outlier would count as movement.
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
    """Follow one face through a clip in one pass, in constant memory.

    Samples are the first, the last and every fifth frame, but at most `detector.most_samples`,
    evenly spread, where the number of frames is known; where it is not, their distance doubles
    after every half of that number. A clip whose faces lie or are upside down is turned.

    Args:
        frames: uint8 RGB (H, W, 3) each.
        detector: finds the faces.
        face: number of the face by size (0 is the largest) in the first sample with so many; every
            other sample adds the face nearest to it.
        total: number of frames, if known.
        role: name of the input in error messages.

    Raises:
        InputError: the clip has no frames, or never so many faces at once.
    """
    orientation, changes = Orientation(detector), []
    indices, height, width = [], 0, 0
    for index, frame in _sampled(_measured(frames, changes), detector.most_samples, total):
        indices.append(index)
        height, width = frame.shape[:2]
        orientation.look(frame)
    if not indices:
        raise InputError(f"{role}: the clip has no frames; give another")
    turns, found = orientation.result()
    if turns % 2:
        height, width = width, height
    path = follow(found, face, role)
    return FaceTrack(
        boxes=[box for _, box in path],
        sampled=len(indices),
        height=height,
        width=width,
        frames=[indices[sample] for sample, _ in path],
        changes=np.array(changes),
        turns=turns,
        last=len(changes),
    )


def _measured(frames: Iterable[np.ndarray], changes: list[float]) -> Iterator[np.ndarray]:
    """Yield the frames; append the change of each from the one before, 0 to 1, of a few pixels."""
    before = np.zeros(0, np.int16)
    for frame in frames:
        height, width = (max(1, side // PIXELS) for side in frame.shape[:2])
        few = frame[height // 2 :: height, width // 2 :: width].astype(np.int16)
        same = before.shape == few.shape
        changes.append(float(np.abs(few - before).mean()) / 255 if same else 0.0)
        before = few
        yield frame


def _sampled(
    frames: Iterable[np.ndarray], most: int, total: int | None
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the sampled frames with their numbers."""
    stride = STRIDE
    if total is not None:
        stride = max(STRIDE, math.ceil((total - 1) / (most - 2)))
    following, taken, last = 0, 0, None
    for index, frame in enumerate(frames):
        last = index, frame
        if index == following:
            yield index, frame
            last = None
            taken += 1
            if total is None and taken % (most // 2) == 0:
                stride *= 2
            following += stride
    if last is not None:
        yield last


def check_face(face: int, most: int, role: str) -> None:
    """Raise InputError where face number `face` is chosen among fewer, unless none was found."""
    if most <= face and (most, face) != (0, 0):
        raise InputError(f"{role}: face {face} was asked for, but at most {most} were found; "
                         f"faces count from 0, the largest")  # fmt: skip


def follow(found: list[list[Box]], face: int, role: str) -> list[tuple[int, Box]]:
    """Follow one face through the boxes of each sample, which are sorted by size.

    Returns:
        Number of a sample and the face's box in it, in order; empty where no face was found.
    """
    most = max(map(len, found))
    check_face(face, most, role)
    if not most:
        return []
    numbered = list(enumerate(found))
    if most == 1:
        return [(index, boxes[0]) for index, boxes in numbered if boxes]
    start = next(index for index, boxes in numbered if len(boxes) > face)
    anchor = found[start][face]
    before = _follow_from(anchor, reversed(numbered[:start]))
    after = _follow_from(anchor, numbered[start + 1 :])
    return [*reversed(before), (start, anchor), *after]


def _follow_from(box: Box, found: Iterable[tuple[int, list[Box]]]) -> list[tuple[int, Box]]:
    """Return the nearest box of each sample that is within reach of the one before."""
    path = []
    for index, boxes in found:
        nearest = min(boxes, key=lambda other: math.dist(box.centre, other.centre), default=None)
        if nearest and math.dist(box.centre, nearest.centre) <= REACH * max(box.side, nearest.side):
            path.append((index, nearest))
            box = nearest
    return path
