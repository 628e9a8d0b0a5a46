"""Methods that OSTNet is compared with: closed-form alignment and relative motion.

Both read the keypoints that the model finds, so that a difference is due to the method alone.
Keypoints are tensors or NumPy arrays, whichever the back end computes with.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ostnet.model.frame import spread

if TYPE_CHECKING:
    from torch import Tensor


def like(values: list | np.ndarray, points: Any) -> Any:
    """Return numbers as an array of the kind, type and device of ``points``."""
    if isinstance(points, np.ndarray):
        return np.array(values, points.dtype)
    return points.new_tensor(values)


def to_numpy(points: Tensor) -> np.ndarray:
    """Return the same numbers on the CPU, in float64."""
    if isinstance(points, np.ndarray):
        return points.astype(np.float64)
    return points.detach().cpu().double().numpy()


def closed_form_scale(x_source: Tensor, x_driving: Tensor) -> Tensor:
    """Return the ratio of keypoint spreads, driving over source: (B, 2) for x and y.

    It needs no network, but mistakes foreshortening, such as yaw, for a smaller face.
    """
    return spread(x_driving) / spread(x_source).clip(min=1e-6)


class MotionPoints(NamedTuple):
    """Keypoints (1, K, 2) of one driving frame, before and after its scale was rectified."""

    raw: Tensor
    rectified: Tensor


def relative_motion(x_source: Tensor, x_driving: Tensor, x_anchor: Tensor) -> Tensor:
    """Move the source's keypoints by the motion since the anchor frame, all (B, K, 2).

    ``relative`` with ``adapt_movement_scale`` of first-order-model (arXiv 2003.00196) and its
    descendants: the movement is scaled by the square root of the ratio of the hull areas.
    """
    ratio = [
        (hull_area(source) / max(hull_area(anchor), 1e-9)) ** 0.5
        for source, anchor in zip(x_source, x_anchor, strict=True)
    ]
    return x_source + (x_driving - x_anchor) * like(ratio, x_source)[:, None, None]


def nearest_in_shape(x_source: Tensor, candidates: Iterable[MotionPoints]) -> MotionPoints | None:
    """Return the candidate whose raw keypoints are nearest the source's in pose.

    ``find_best_frame`` of first-order-model: both shapes are centred and divided by the square
    root of their hull area, then the least sum of squared distances wins. Candidates are read
    once and not kept; None without any.
    """
    target = _normalised(x_source[0])
    best, least = None, float("inf")
    for candidate in candidates:
        distance = float(np.square(_normalised(candidate.raw[0]) - target).sum())
        if distance < least:
            best, least = candidate, distance
    return best


def hull_area(points: Tensor) -> float:
    """Return the area of the convex hull of (K, 2) points (monotone chain, shoelace formula)."""
    ordered = sorted(map(tuple, to_numpy(points).tolist()))
    lower, upper = _half_hull(ordered), _half_hull(reversed(ordered))
    hull = np.array(lower[:-1] + upper[:-1])
    if len(hull) < 3:
        return 0.0
    x, y = hull[:, 0], hull[:, 1]
    return float(0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def _half_hull(ordered: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for x, y in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], (x, y)) <= 0:
            chain.pop()
        chain.append((x, y))
    return chain


def _turn(a, b, c) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _normalised(points: Tensor) -> np.ndarray:
    centred = to_numpy(points - points.mean(0))
    return centred / max(hull_area(points), 1e-9) ** 0.5
