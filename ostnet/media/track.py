"""Where one person's face is over a clip, from a sample of its frames."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from statistics import median

import numpy as np

from ostnet.errors import InputError
from ostnet.media.faces import Box, Detector
from ostnet.media.orientation import Orientation

STRIDE = 5
"""Frames from one look for faces to the next, in a short clip."""

REACH = 1.5
"""Face sides by which a face may move from one look to the next, where several are in sight."""

PIXELS = 32
"""Pixels a side of a frame by which its change is measured."""


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
    frames: list[int] = field(default_factory=list)
    """In which of the clip's frames each of the boxes was found."""
    changes: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Of every frame, its mean absolute difference from the one before, in [0, 1]."""
    turns: int = 0
    """Counter-clockwise quarter turns, as `np.rot90` takes them, before all of this holds."""
    first: int = 0
    """The first frame that the track is of."""
    last: int = 0
    """The frame after its last."""

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
    many; from there each sample adds the nearest face. A clip whose faces lie or stand on their
    head is looked at turned, see `Orientation`. Raises InputError where `face` is more
    than were ever seen at once.
    """
    orientation, changes = Orientation(detector), Changes()
    indices, height, width = [], 0, 0
    for index, frame in _sampled(changes.measured(frames), detector.most_samples, total):
        indices.append(index)
        height, width = frame.shape[:2]
        orientation.look(frame)
    if not indices:
        raise InputError(f"{role}: the clip has no frames; give another")
    turns, found = orientation.settled()
    if turns % 2:
        height, width = width, height
    path = _path(found, face, role)
    return FaceTrack(
        boxes=[box for _, box in path],
        sampled=len(indices),
        height=height,
        width=width,
        frames=[indices[sample] for sample, _ in path],
        changes=np.array(changes.values),
        turns=turns,
        last=len(changes.values),
    )


class Changes:
    """How much a clip changes from frame to frame, by a few pixels of each."""

    def __init__(self):
        self.values: list[float] = []
        """One for each frame, in [0, 1]; the first is 0."""
        self._before: np.ndarray | None = None

    def measured(self, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The same frames, measured as they pass."""
        for frame in frames:
            height, width = (max(1, side // PIXELS) for side in frame.shape[:2])
            few = frame[height // 2 :: height, width // 2 :: width].astype(np.int16)
            same = self._before is not None and self._before.shape == few.shape
            self.values.append(float(np.abs(few - self._before).mean()) / 255 if same else 0.0)
            self._before = few
            yield frame


def sample_frames(
    frames: Iterable[np.ndarray], most: int, total: int | None = None
) -> Iterator[np.ndarray]:
    """The frames that `track_face` looks at; `most` of them at most where `total` is known."""
    return (frame for _, frame in _sampled(frames, most, total))


def _sampled(
    frames: Iterable[np.ndarray], most: int, total: int | None
) -> Iterator[tuple[int, np.ndarray]]:
    """Each with its number."""
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


def follow(found: list[list[Box]], face: int, role: str) -> list[Box]:
    """The boxes of one face among those of each sample, each sample's largest first."""
    return [box for _, box in _path(found, face, role)]


def _path(found: list[list[Box]], face: int, role: str) -> list[tuple[int, Box]]:
    """The same, each with the number of its sample."""
    most = max(map(len, found))
    if most <= face:
        if most == 0 and face == 0:
            return []
        raise InputError(f"{role}: face {face} was asked for, but {most} were found at most; "
                         f"faces count from 0, the largest")  # fmt: skip
    numbered = list(enumerate(found))
    if most == 1:
        return [(index, boxes[0]) for index, boxes in numbered if boxes]
    start = next(index for index, boxes in numbered if len(boxes) > face)
    anchor = found[start][face]
    before = _follow_from(anchor, reversed(numbered[:start]))
    after = _follow_from(anchor, numbered[start + 1 :])
    return [*reversed(before), (start, anchor), *after]


def _follow_from(box: Box, found: Iterable[tuple[int, list[Box]]]) -> list[tuple[int, Box]]:
    """The nearest box of each sample, as long as it is within reach of the one before."""
    path = []
    for index, boxes in found:
        nearest = min(boxes, key=lambda other: math.dist(box.centre, other.centre), default=None)
        if nearest and math.dist(box.centre, nearest.centre) <= REACH * max(box.side, nearest.side):
            path.append((index, nearest))
            box = nearest
    return path
