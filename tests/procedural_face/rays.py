"""Rays against a head: where pixels meet a surface given as a radius for every direction.

Directions are stored on a square map by Lambert's equal-area projection centred on the face,
[-2, 2] x [-2, 2]; the whole sphere fits and only the point straight behind is singular.
"""

from dataclasses import dataclass

import cv2
import numpy as np


def to_map(points: np.ndarray, resolution: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Map column, map row and distance from the centre of points (3, ...) in the head frame."""
    x, y, z = points
    distance = np.sqrt(x * x + y * y + z * z)
    spread = np.sqrt(2 / np.maximum(distance * (distance + z), 1e-6))
    to_pixel = (resolution - 1) / 4
    return (x * spread + 2) * to_pixel, (y * spread + 2) * to_pixel, distance


def lookup(image: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Bilinear samples of a map at pixel positions (N,): (N,) or (N, channels)."""
    count = column.size
    width = 512
    padded = -(-count // width) * width
    positions = np.zeros((2, padded), np.float32)
    positions[0, :count], positions[1, :count] = column, row
    columns, rows = positions.reshape(2, -1, width)
    out = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out.reshape(padded, *image.shape[2:])[:count]


def trace(
    radius: np.ndarray,
    origin: np.ndarray,
    ray: np.ndarray,
    jaw: "Jaw",
    touch: float,
    limit: float = 1.9,
) -> tuple[np.ndarray, np.ndarray]:
    """Walk along rays until they meet the head.

    origin: (3, N) where each ray starts in the head frame, outside or hardly inside; ray: (3,)
    unit direction of travel; touch: a ray this near to the surface has met it; limit: how far to
    walk.

    Returns how far along each ray meets the head, or comes nearest to it, and how near it comes,
    0 where it meets: two (N,).
    """
    origin, ray = origin.astype(np.float32), ray.astype(np.float32).reshape(3, 1)
    count = origin.shape[1]
    way, met = np.zeros(count, np.float32), np.zeros(count, np.float32)
    nearest, active = np.full(count, np.inf, np.float32), np.arange(count)
    for _ in range(40):
        points = jaw.close(origin[:, active] + ray * way[active])
        column, row, distance = to_map(points, len(radius))
        gap = distance - lookup(radius, column, row)
        closer = np.abs(gap) < nearest[active]
        nearest[active[closer]], met[active[closer]] = np.abs(gap[closer]), way[active[closer]]
        going = (np.abs(gap) > touch) & (way[active] < limit)
        active = active[going]
        if active.size <= count // 800:  # the last few only graze the head
            break
        way[active] += 0.6 * gap[going]
    return met, np.where(nearest < 3 * touch, 0, nearest)


@dataclass(frozen=True)
class Jaw:
    """Opening the mouth stretches the face below the line of the lips: y = y0 + t + drop t^2."""

    drop: float
    line: float = 0.6

    def open(self, points: np.ndarray) -> np.ndarray:
        """Rest position -> opened: (3, ...) -> (3, ...)."""
        below = np.maximum(points[1] - self.line, 0)
        return np.stack([points[0], points[1] + self.drop * below**2, points[2]])

    def close(self, points: np.ndarray) -> np.ndarray:
        """Opened -> rest position: the inverse of `open`."""
        if self.drop == 0:
            return points
        below = np.maximum(points[1] - self.line, 0)
        rest = (np.sqrt(1 + 4 * self.drop * below) - 1) / (2 * self.drop)
        return np.stack([points[0], points[1] - below + rest, points[2]])
