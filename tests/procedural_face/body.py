"""What stands around the head: neck, shoulders and clothes, hair down the back, the wall behind.

The body is a relief (one height per position), shaded once per person and then only moved.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from .params import Identity

_BODY = (-3.4, 3.4, 0.2, 4.6)
_COLLAR_Y = 1.14
_BACK_HAIR = (-1.6, 1.6, -1.6, 2.6)


@dataclass(frozen=True)
class Sprite:
    """A flat picture in the frame of the upright head: x right, y down, head units."""

    pictures: tuple[np.ndarray, ...]
    """(h, w, 4) uint8 sRGB times coverage, and coverage; then halved again and again."""
    left: float
    top: float
    density: float
    """Pixels per head unit in the first picture."""


def place(sprite: Sprite, matrix: np.ndarray, shape: tuple[int, int]) -> tuple[int, np.ndarray]:
    """Draw a sprite on an empty canvas.

    matrix: (2, 3), head units to canvas pixels; shape: (rows, columns). Returns the first row that
    the sprite can touch, and from there down colour times coverage and coverage in 0..255:
    (rows - first, columns, 4) float32.
    """
    shrink = sprite.density / max(np.hypot(*matrix[:, 0]), np.hypot(*matrix[:, 1]))
    level = int(np.clip(np.floor(np.log2(max(shrink, 1))), 0, len(sprite.pictures) - 1))
    picture = sprite.pictures[level]
    step = 2**level / sprite.density
    half = step / 2
    to_head = np.array([[step, 0, sprite.left + half], [0, step, sprite.top + half], [0, 0, 1]])
    to_canvas = matrix @ to_head
    corners = to_canvas @ np.array([[-1, picture.shape[1]], [-1, -1], [1, 1]])
    first = int(np.clip(np.floor(corners[1].min()), 0, shape[0] - 1))
    to_canvas[1, 2] -= first
    size = (shape[1], shape[0] - first)
    return first, cv2.warpAffine(picture, to_canvas, size).astype(np.float32)


@lru_cache(maxsize=16)
def build_body(identity: Identity, density: float = 110.0) -> Sprite:
    """Neck, shoulders and clothes of a person; kept for later calls."""
    x, y = _positions(_BODY, density)
    flesh = [((0, 0.9, -0.24), (0.345 * identity.jaw_width, 1.2, 0.44))]
    for side in (-1, 1):
        flesh += [
            ((side * 0.45, 1.66, -0.38), (0.80, 0.40, 0.36)),
            ((side * 1.03, 2.12, -0.36), (0.50, 0.58, 0.42)),
            ((side * 1.22, 3.45, -0.38), (0.40, 1.80, 0.42)),
        ]
    flesh.append(((0, 2.95, -0.35), (1.18, 1.75, 0.66)))
    height, inside = _relief(x, y, flesh)
    rim = _COLLAR_Y + 0.12 - 0.20 * np.abs(x)
    collar = np.hypot(x / 0.53, (y - _COLLAR_Y) / 0.31) - 1
    collar = np.minimum(collar, (y - rim) / 0.34)
    cloth = np.clip(0.5 + collar * 0.45 * density, 0, 1)
    band = np.exp(-(((collar - 0.10) / 0.10) ** 4))
    rng = np.random.default_rng(identity.seed + 2)
    folds = sum(
        s * cv2.GaussianBlur(rng.standard_normal(x.shape), (0, 0), 5 * s, sigmaY=14 * s)
        for s in (1.0, 2.2)
    )
    height = height + cloth * (0.045 + 0.03 * band + 0.20 * folds * (1 - band))
    light = _light(height, density)
    skin, cloth_colour = (np.square(c) for c in (identity.skin, identity.cloth))
    ribs = 1 - 0.12 * band * (0.5 + 0.5 * np.sin(np.arctan2(y - _COLLAR_Y, x) * 90))
    colour = skin * (0.92, 0.86, 0.84) * (1 - cloth[..., None])
    colour = colour + (cloth_colour + 0.004) * (ribs * cloth * (1 - 0.12 * band))[..., None]
    contact = 1 - 0.45 * np.exp(-np.clip(-collar, 0, 1) / 0.05) * (1 - cloth)
    throat = 1 - 0.35 * np.exp(-(((y - 0.95) / 0.35) ** 2)) * (1 - cloth)
    shaded = colour * (light * contact * throat)[..., None]
    return _sprite(shaded, np.clip(0.5 + inside * density, 0, 1), _BODY, density)


@lru_cache(maxsize=16)
def build_back_hair(identity: Identity, density: float = 110.0) -> Sprite | None:
    """Hair that falls behind the neck, or None for shorter styles; kept for later calls."""
    if identity.hair_style != "long":
        return None
    x, y = _positions(_BACK_HAIR, density)
    shapes = [((0, 0.2, -0.5), (0.80, 1.2, 0.5)), ((0, 0.9, -0.5), (0.88, 1.15, 0.45))]
    height, inside = _relief(x, y, shapes)
    rng = np.random.default_rng(identity.seed + 3)
    bend = x + 0.05 * np.sin(2.2 * y + 3 * x)
    strands = sum(
        weight * np.interp(bend, np.linspace(-1.7, 1.7, bumps), rng.random(bumps))
        for bumps, weight in ((26, 0.4), (80, 0.35), (200, 0.25))
    )
    inside = inside + 0.05 * (strands - 0.5) * (y > 1)
    colour = np.square(np.array(identity.hair, np.float32)) * (0.35 + 0.8 * strands)[..., None]
    shaded = (colour + 0.003) * (0.75 * _light(height, density))[..., None]
    return _sprite(shaded, np.clip(0.5 + inside * density, 0, 1), _BACK_HAIR, density)


@lru_cache(maxsize=16)
def build_backdrop(identity: Identity, size: int = 160) -> np.ndarray:
    """A softly lit wall over [-3, 3] x [-3, 3] of the picture: (size, size, 3) float32, 0..255."""
    axis = np.linspace(-3, 3, size, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    glow = np.exp(-(((x + 0.5) / 1.5) ** 2 + ((y + 0.2) / 1.4) ** 2))
    level = 0.62 + 0.42 * glow - 0.06 * np.tanh(y)
    rng = np.random.default_rng(identity.seed + 4)
    for _ in range(5):
        cx, cy, r = rng.uniform(-1.6, 1.6), rng.uniform(-1.4, 0.6), rng.uniform(0.15, 0.4)
        disc = np.clip((r - np.hypot(x - cx, y - cy)) / 0.12 + 0.5, 0, 1)
        level = level + 0.035 * rng.choice([-1, 1]) * disc
    wall = np.array(identity.backdrop, np.float32) * level[..., None]
    return np.clip(wall * 255, 0, 255).astype(np.float32)


def _positions(extent, density: float) -> tuple[np.ndarray, np.ndarray]:
    left, right, top, bottom = extent
    xs = left + (np.arange(round((right - left) * density), dtype=np.float32) + 0.5) / density
    ys = top + (np.arange(round((bottom - top) * density), dtype=np.float32) + 0.5) / density
    return np.meshgrid(xs, ys)


def _relief(x: np.ndarray, y: np.ndarray, ellipsoids) -> tuple[np.ndarray, np.ndarray]:
    """Height of a smooth union of ellipsoids, and about how far inside its outline: two (h, w)."""
    height, inside = np.full_like(x, -1.2), np.full_like(x, -9)
    for (cx, cy, cz), (ax, ay, az) in ellipsoids:
        square = ((x - cx) / ax) ** 2 + ((y - cy) / ay) ** 2
        part = cz + az * np.sqrt(np.clip(1 - square, 0, 1)) - 0.4 * np.clip(square - 1, 0, 2)
        weight = np.clip(0.5 + (height - part) / 0.7, 0, 1)
        height = part + (height - part) * weight + 0.35 * weight * (1 - weight)
        distance = (1 - np.sqrt(square)) * min(ax, ay)
        blend = np.clip(0.5 + (inside - distance) / 0.32, 0, 1)
        inside = distance + (inside - distance) * blend + 0.16 * blend * (1 - blend)
    return height, inside


def _light(height: np.ndarray, density: float) -> np.ndarray:
    """Soft light from the upper left on a relief, darker in its hollows: (h, w)."""
    dy, dx = np.gradient(cv2.GaussianBlur(height, (0, 0), 2), 1 / density)
    length = np.sqrt(1 + dx * dx + dy * dy)
    key = np.clip(((0.50 * dx + 0.55 * dy + 0.67) / length + 0.25) / 1.25, 0, 1)
    fill = np.clip((-0.7 * dx + 0.1 * dy + 0.7) / length, 0, 1)
    hollow = cv2.GaussianBlur(height, (0, 0), 0.15 * density) - height
    return (0.12 + 0.95 * key + 0.22 * fill) * np.clip(1 - 1.6 * hollow, 0.35, 1.1)


def _sprite(linear: np.ndarray, coverage: np.ndarray, extent, density: float) -> Sprite:
    colour = 255 * np.sqrt(np.clip(linear, 0, 1)) * coverage[..., None]
    picture = np.dstack([colour, 255 * coverage]).round().astype(np.uint8)
    levels = [picture]
    while len(levels) < 4:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return Sprite(tuple(levels), extent[0], extent[2], density)
