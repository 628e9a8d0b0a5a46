"""What stands around the head: neck, shoulders and clothes, and the wall behind."""

from functools import lru_cache

import cv2
import numpy as np

from .params import Identity

_LEFT, _RIGHT, _TOP, _BOTTOM = -3.4, 3.4, 0.2, 4.6
_DENSITY = 60.0
"""Pixels per head unit of the body's picture."""
_COLLAR_Y = 1.14


def draw_body(canvas: np.ndarray, identity: Identity, matrix: np.ndarray) -> None:
    """Draw the body on a canvas (h, w, 3) in 0..255; matrix: (2, 3), head units to pixels."""
    step = 1 / _DENSITY
    corner = np.array([[step, 0, _LEFT + step / 2], [0, step, _TOP + step / 2], [0, 0, 1]])
    picture = cv2.warpAffine(_body(identity), matrix @ corner, canvas.shape[1::-1])
    canvas *= 1 - picture[..., 3:] / 255
    canvas += picture[..., :3]


@lru_cache(maxsize=16)
def _body(identity: Identity) -> np.ndarray:
    """Colour times coverage, and coverage, (h, w, 4) float32 in 0..255: a shaded relief."""
    xs = np.arange(_LEFT, _RIGHT, 1 / _DENSITY, dtype=np.float32)
    x, y = np.meshgrid(xs, np.arange(_TOP, _BOTTOM, 1 / _DENSITY, dtype=np.float32))
    flesh = [((0, 0.9, -0.24), (0.345 * identity.jaw_width, 1.2, 0.44))]
    for side in (-1, 1):
        flesh += [
            ((side * 0.45, 1.66, -0.38), (0.80, 0.40, 0.36)),
            ((side * 1.03, 2.12, -0.36), (0.50, 0.58, 0.42)),
            ((side * 1.22, 3.45, -0.38), (0.40, 1.80, 0.42)),
        ]
    flesh.append(((0, 2.95, -0.35), (1.18, 1.75, 0.66)))
    height, inside = np.full_like(x, -1.2), np.full_like(x, -9)
    for (cx, cy, cz), (ax, ay, az) in flesh:
        square = ((x - cx) / ax) ** 2 + ((y - cy) / ay) ** 2
        part = cz + az * np.sqrt(np.clip(1 - square, 0, 1)) - 0.4 * np.clip(square - 1, 0, 2)
        height = np.maximum(height, part)
        inside = np.maximum(inside, (1 - np.sqrt(square)) * min(ax, ay))
    height = cv2.GaussianBlur(height, (0, 0), 4)
    dy, dx = np.gradient(height, 1 / _DENSITY)
    light = 0.12 + np.clip((0.55 * dx + 0.55 * dy + 0.9) / np.sqrt(1 + dx * dx + dy * dy), 0, 1)
    throat = 1 - 0.45 * np.exp(-(((y - 0.95) / 0.35) ** 2))
    collar = np.hypot(x / 0.53, (y - _COLLAR_Y) / 0.31) - 1
    collar = np.minimum(collar, (y - _COLLAR_Y - 0.12 + 0.20 * np.abs(x)) / 0.34)
    cloth = np.clip(0.5 + collar * 0.45 * _DENSITY, 0, 1)[..., None]
    skin, fabric = np.square(identity.skin), np.square(identity.cloth)
    colour = skin * (throat * light)[..., None] * (1 - cloth) + fabric * light[..., None] * cloth
    coverage = np.clip(0.5 + inside * _DENSITY, 0, 1)[..., None]
    picture = np.dstack([np.sqrt(np.clip(colour, 0, 1)) * coverage, coverage])
    return (255 * picture).astype(np.float32)


def wall(identity: Identity, side: int) -> np.ndarray:
    """A softly lit wall: (side, side, 3) float32 in 0..255."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    glow = np.exp(-(((x + 0.5) / 1.5) ** 2 + ((y + 0.2) / 1.4) ** 2))
    level = 0.62 + 0.42 * glow - 0.06 * np.tanh(y)
    return np.clip(255 * np.array(identity.backdrop, np.float32) * level[..., None], 0, 255)
