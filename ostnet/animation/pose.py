"""The head pose: the place and pose of the head from which the driver's motion is applied.

The driver's head has another place and pose than the portrait's. As the scale transformation
removes the driver's size, the head pose removes this difference: keypoints move by the
driver's motion since a neutral pose, the median over the clip. This goes beyond the paper.

Shapes: K keypoints; arrays are tensors or NumPy arrays, whichever the back end computes with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ostnet.animation.comparators import like, to_numpy
from ostnet.animation.presence import AbruptChange
from ostnet.animation.steering import clip_scale
from ostnet.landmarks import keypoint_openings
from ostnet.model.frame import Reading

if TYPE_CHECKING:
    from torch import Tensor

    from ostnet.animation.frame import DrivingFrame

MOST_READ = 48
"""Frames of a clip that are read to find its neutral pose, spread over the clip."""

CUT = 0.12
"""Mean absolute difference of two thumbnails, in [0, 1], that starts a new shot."""

UNKNOWN_LENGTH = 480
"""Frames that a driver without a known length is taken to have."""


class Shot(NamedTuple):
    """The references of one shot of a driving clip."""

    first: int
    """Number of the shot's first frame in the clip, from 0."""
    neutral: np.ndarray | None
    """Neutral pose (K, 2) at the source's scale; None: the median of the first second so far."""
    scale: tuple[float, float] | None = None
    """Driving scale (s_x, s_y) of the shot's first second; None: as each frame is measured."""


NO_SHOT = Shot(0, None)
"""The references of a clip whose shots are not known."""


def own_place(reading: Reading) -> Tensor:
    """Return the rectified keypoints (B, K, 2) about the driver's own centre.

    Rectification also divides the head's distance from the picture's centre by the scale; this
    restores it, since the head's movement is transferred as it is.
    """
    rectified, driving = reading.x_rectified, reading.x_driving
    return rectified + (driving.mean(1) - rectified.mean(1))[:, None]


def posed(pose: str, x_source: Tensor, x: Tensor, neutral: Tensor) -> Tensor:
    """Return the keypoints (B, K, 2) that the source is to perform.

    Args:
        pose: ``driver``: x itself (the paper). ``position``: x, moved so that the neutral pose lies
            where the source's head lies. ``portrait``: the source, moved by what moved since the
            neutral pose; lips and lids open as far as the driver's, measured in lengths of the
            nose for lips, in widths of the eye for lids.
        x_source: keypoints of the source (B, K, 2).
        x: the driving keypoints at the source's scale, see :func:`own_place`.
        neutral: the driver's neutral pose (B or 1, K, 2).
    """
    if pose == "driver":
        return x
    if pose == "position":
        return x + (x_source.mean(1) - neutral.mean(1))[:, None]
    moved = x_source + (x - neutral)
    middles = {}
    for upper, lower, *ends in keypoint_openings(x.shape[1]):
        wide = _length(x_source, *ends) / _length(neutral, *ends).clip(min=1e-6)  # (B, 1)
        middle = (moved[:, upper] + moved[:, lower]) / 2  # (B, 2)
        half = (x[:, lower] - x[:, upper]) * wide / 2
        middles |= {upper: middle - half, lower: middle + half}
    columns = [middles.get(k, moved[:, k]) for k in range(x.shape[1])]
    return _stack(columns)


class NeutralPose:
    """The neutral pose of a shot: known, or the median of the frames so far.

    Args:
        known: (K, 2), or None: the median of the first frames, which then stays as it is.
        first: how many frames that median is over.
    """

    def __init__(self, known: np.ndarray | None, first: int):
        self.known, self.first = known, first
        self.seen: list[np.ndarray] = []

    def __call__(self, x: Tensor) -> Tensor:
        """Return the neutral pose (1, K, 2) for the next frame's points (1, K, 2)."""
        if self.known is None:
            if len(self.seen) < self.first:
                self.seen.append(to_numpy(x[0]))
            return like(neutral_pose(self.seen), x)[None]
        return like(self.known, x)[None]


def neutral_pose(points: Iterable[np.ndarray]) -> np.ndarray:
    """Return the median (K, 2) of keypoints (K, 2) over the frames of a clip."""
    return np.median(np.stack(list(points)), axis=0)


def neutral_shot(first: int, readings: Iterable[Reading]) -> Shot:
    """Return the shot that starts at frame ``first``, from readings of some of its frames."""
    return Shot(first, neutral_pose(to_numpy(own_place(reading)[0]) for reading in readings))


def starting_shot(first: int, readings: Iterable[Reading]) -> Shot:
    """Return the same from readings of its first second, with one scale for the shot."""
    readings = list(readings)
    scale = clip_scale(tuple(reading.alignment.scale[0].tolist()) for reading in readings)
    points = [to_numpy(reading.x_driving[0]) for reading in readings]
    neutral = neutral_pose((x - x.mean(0)) / np.array(scale) + x.mean(0) for x in points)
    return Shot(first, neutral, scale)


def read_shots(
    frames: Iterable[DrivingFrame], length: int, first_frames: int | None
) -> Iterator[tuple[int, list[DrivingFrame]]]:
    """Yield each shot's first frame number and the frames with a face that stand for the shot.

    Args:
        frames: read once, in order.
        length: how many there are, about.
        first_frames: take so many frames from each shot's start; None: at most ``MOST_READ`` of the
            clip, spread over it, and the first of each shot.
    """
    stride = max(1, -(-length // MOST_READ))
    cut, first, taken = AbruptChange(CUT), 0, []
    for index, shown in enumerate(frames):
        starts = shown.cut if shown.keypoints is not None else cut(shown.picture)
        if starts and index:
            yield first, taken
            first, taken = index, []
        since = index - first
        wanted = since < first_frames if first_frames else index % stride == 0 or since == 0
        if wanted and shown.face:
            taken.append(shown)
    yield first, taken


def _length(points: Tensor, one: int, other: int) -> Tensor:
    """Return the distance (B, 1) of two keypoints."""
    across = points[:, one] - points[:, other]
    return ((across**2).sum(1) ** 0.5)[:, None]


def _stack(columns: list) -> Any:
    """Stack K arrays (B, 2) to (B, K, 2)."""
    if isinstance(columns[0], np.ndarray):
        return np.stack(columns, axis=1)
    import torch

    return torch.stack(columns, dim=1)
