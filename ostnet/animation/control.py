"""The keypoints that the source performs: which parts of the driver's movement, how strongly.

The movement from the portrait's own keypoints to the performed ones is split into the head's and
that of parts of the face within the head. Each is scaled by its own strength. This goes beyond the
paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ostnet.animation.comparators import MotionPoints, like, relative_motion, to_numpy
from ostnet.animation.pose import NeutralPose, own_place, posed
from ostnet.errors import InputError
from ostnet.landmarks import KEYPOINT_GAPS, KEYPOINT_PARTS, KEYPOINTS, REGION_PARTS
from ostnet.model.frame import Reading
from ostnet.options import AnimateOptions

if TYPE_CHECKING:
    from torch import Tensor


class Strengths(NamedTuple):
    """Factors of the movement since the portrait's own keypoints; 0: stays as in the portrait."""

    head: float = 1.0
    mouth: float = 1.0
    """Lips, corners of the mouth and chin, about the middle between the corners."""
    eyelids: float = 1.0
    irises: float = 1.0
    brows: float = 1.0
    """As lids and irises, about the middle between the corners of the eye."""


WIDEST = 2.0
"""Most by which a turn of the head stretches or shrinks the face in the split."""

_MOUTH, *_EYES = (middle for name, middle, _ in KEYPOINT_PARTS if name in ("mouth", "eyelids"))


def strengths(options: AnimateOptions, keypoints: int) -> Strengths | None:
    """Return the strengths that options ask for; None where all are 1.

    Args:
        options: strengths of parts outside ``only`` have no effect.
        keypoints: how many the network has.

    Raises:
        InputError: the network's keypoints do not include lids and inner lips.
    """
    if not options.controlled:
        return None
    if keypoints < len(KEYPOINTS):
        raise InputError(
            f"only, mouth, eyelids, head: found a network with {keypoints} keypoints, expected "
            f"{len(KEYPOINTS)}, which include lids and lips; choose other weights"
        )
    found = Strengths(options.head, options.mouth, options.eyelids)
    if options.only is None:
        return found
    still = set(Strengths._fields).difference(REGION_PARTS[options.only])
    return found._replace(**dict.fromkeys(still, 0.0))


def points_of(reading: Reading) -> MotionPoints:
    """Return the driving keypoints of a reading."""
    return MotionPoints(reading.x_driving, reading.x_rectified)


def performed_points(
    x_source: Tensor,
    reading: Reading,
    options: AnimateOptions,
    pose: str,
    anchor: MotionPoints,
    neutral: NeutralPose,
) -> MotionPoints:
    """Return the keypoints for the source to perform.

    Args:
        x_source: the source's (1, K, 2).
        reading: of the driving frame.
        options: how the motion is transferred.
        pose: the head pose, which may differ from that in the options.
        anchor: the reference of relative motion.
        neutral: the neutral pose of the frames so far.
    """
    points = points_of(reading)
    if options.motion == "relative":
        moved = (relative_motion(x_source, *pair) for pair in zip(points, anchor, strict=True))
        return MotionPoints(*moved)
    if pose == "driver":
        return points
    x = own_place(reading)
    performed = posed(pose, x_source, x, neutral(x))
    if (strength := strengths(options, x.shape[1])) is not None:
        one = controlled(to_numpy(x_source[0]), to_numpy(performed[0]), strength)
        performed = like(one, x)[None]
    change = performed - x
    return MotionPoints(points.raw + change, x + change)


def controlled(x_source: np.ndarray, performed: np.ndarray, strength: Strengths) -> np.ndarray:
    """Return performed keypoints (K, 2) whose movement since ``x_source`` (K, 2) is scaled.

    The head's movement is that of keypoints that belong to no part (eye corners, nose, jaw, ears)
    and of the middle between the mouth's corners. ``head`` scales it linearly, point by point. A
    part's movement is its change of shape in the head: about its middle, and without the turn of
    the head, which is the linear map between the triangles of both eyes and the mouth. Lids and
    lips close at most: they never cross.
    """
    turn = _turn(x_source, performed)
    turned = np.eye(2) + strength.head * (turn - np.eye(2))
    moved = x_source + strength.head * (performed - x_source)
    result = moved.copy()
    for name, middle, members in KEYPOINT_PARTS:
        own = x_source[members] - x_source[middle].mean(0)
        driven = (performed[members] - performed[middle].mean(0)) @ np.linalg.inv(turn).T
        shape = own + getattr(strength, name) * (driven - own)
        result[members] = moved[middle].mean(0) + shape @ turned.T
    down = _triangle(x_source)[:, 1]
    for upper, lower in KEYPOINT_GAPS:
        crossed = (result[lower] - result[upper]) @ turned @ down < 0
        if crossed and (x_source[lower] - x_source[upper]) @ down >= 0:
            result[[upper, lower]] = (result[upper] + result[lower]) / 2
    return result


def _turn(x_source: np.ndarray, performed: np.ndarray) -> np.ndarray:
    """Return the linear map (2, 2) of the head's movement; it can be inverted."""
    across, sizes, along = np.linalg.svd(_triangle(performed) @ np.linalg.pinv(_triangle(x_source)))
    return across * sizes.clip(1 / WIDEST, WIDEST) @ along


def _triangle(points: np.ndarray) -> np.ndarray:
    """Return (2, 2): columns from eye to eye, and from between the eyes to the mouth."""
    left, right = (points[corners].mean(0) for corners in _EYES)
    return np.stack([right - left, points[_MOUTH].mean(0) - (left + right) / 2], axis=1)
