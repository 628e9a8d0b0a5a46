"""The head as a solid: a radius for every direction from its centre, with colour.

Head frame: x right, y down, z towards the viewer, lengths in head units. Maps over the directions
are projected as `rays` says.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from .params import Identity

_SCULPTED = 288
"""Resolution at which the solid is sculpted; finer maps are interpolated."""

# Where hair begins: degrees from the front -> sine of elevation (y down; hair lies above).
_HAIRLINE = ([0, 25, 40, 52, 62, 70, 80, 88, 112, 125, 180],
             [-0.72, -0.71, -0.62, -0.42, -0.20, 0.00, 0.16, -0.18, -0.18, 0.52, 0.62])  # fmt: skip


@dataclass(frozen=True)
class Head:
    """Maps of one person's head, each (n, n[, channels]) float32 over the projected sphere."""

    radius: np.ndarray
    normal: np.ndarray
    """(n, n, 3): unit vectors in the head frame."""
    albedo: np.ndarray
    """(n, n, 4): linear colour, and how much of it is hair."""


@lru_cache(maxsize=16)
def build_head(identity: Identity, resolution: int = 512) -> Head:
    """Sculpt a person's head; kept for later calls."""
    coarse = _directions(min(resolution, _SCULPTED))
    skin = _enlarge(_sculpt(coarse, identity), resolution)
    hair = _enlarge(_hair_radius(coarse, identity), resolution)
    directions = _directions(resolution)
    depth, strands = _hair_region(directions, identity)
    hair_mask = np.clip(0.5 + depth / 0.035, 0, 1)
    cover = np.clip((depth - 0.01) / 0.13, 0, 1)
    cover = 1 - (1 - cover) ** 2
    thickness = np.maximum(hair - skin, 0.012) + 0.02 * (strands - 0.5)
    radius = skin + cover * thickness
    radius = cv2.GaussianBlur(radius, (0, 0), resolution / 400).astype(np.float32)
    normal = _normals(radius[..., None] * directions)
    colour = _colours(skin[..., None] * directions, hair_mask, strands, identity)
    albedo = np.dstack([colour, hair_mask]).astype(np.float32)
    return Head(radius, normal.astype(np.float32), albedo)


def _enlarge(map_: np.ndarray, resolution: int) -> np.ndarray:
    """A map at a higher resolution, pixel centres of the border kept in place."""
    if len(map_) == resolution:
        return map_
    place = np.linspace(0, len(map_) - 1, resolution, dtype=np.float32)
    columns, rows = np.meshgrid(place, place)
    return cv2.remap(map_, columns, rows, cv2.INTER_CUBIC)


def _directions(resolution: int) -> np.ndarray:
    """Unit direction of every map pixel: (n, n, 3)."""
    axis = np.linspace(-2, 2, resolution, dtype=np.float32)
    u, v = np.meshgrid(axis, axis)
    square = np.minimum(u * u + v * v, 3.999)
    shrink = np.sqrt(1 - square / 4)
    out = np.stack([u * shrink, v * shrink, 1 - square / 2], -1)
    return out / np.linalg.norm(out, axis=-1, keepdims=True)


def _ellipsoid(points: np.ndarray, centre, axes) -> np.ndarray:
    """About the distance of points (N, 3) from an ellipsoid, negative inside: (N,)."""
    axes = np.asarray(axes, np.float32)
    scaled = (points - np.asarray(centre, np.float32)) / axes
    length = np.sqrt(np.einsum("ni,ni->n", scaled, scaled))
    scaled /= axes
    slope = np.sqrt(np.einsum("ni,ni->n", scaled, scaled))
    return length * (length - 1) / np.maximum(slope, 1e-6)


def _smooth_min(a: np.ndarray, b: np.ndarray, blend: float) -> np.ndarray:
    weight = np.clip(0.5 + 0.5 * (b - a) / blend, 0, 1)
    return b + (a - b) * weight - blend * weight * (1 - weight)


def _radius_of(solid, directions: np.ndarray, start: float = 1.45) -> np.ndarray:
    """Where rays from outside towards the centre meet a solid: (n, n, 3) -> (n, n).

    solid: function of points (N, 3) giving about their distance, negative inside.
    """
    rays = directions.reshape(-1, 3)
    radius = np.full(len(rays), start, np.float32)
    active = np.arange(len(rays))
    for _ in range(60):
        gap = solid(rays[active] * radius[active, None])
        radius[active] -= 0.85 * gap
        active = active[np.abs(gap) > 1e-4]
        if active.size == 0:
            break
    return np.maximum(radius, 0.2).reshape(directions.shape[:2])


def _sculpt(directions: np.ndarray, person: Identity) -> np.ndarray:
    """Radius of the bald head: (n, n)."""
    wide, jaw, nose = person.face_width, person.jaw_width, person.nose_size
    eye, apart = person.eye_size, 0.27 * person.eye_spacing
    masses = [
        ((0, 0.26, 0.10), (0.56 * wide, 0.70, 0.55), 0.15),
        ((0, 0.54, 0.14), (0.45 * jaw, 0.40, 0.46), 0.14),
        ((0, 0.84, 0.44), (0.19 * jaw, 0.14, 0.17), 0.16),
        ((0, 0.58, 0.42), (0.27, 0.23, 0.21), 0.12),
        ((0, -0.17, 0.43), (0.42 * wide, 0.11, 0.21), 0.12),
        ((-0.34 * wide, 0.22, 0.32), (0.19, 0.15, 0.20), 0.2),
        ((0.34 * wide, 0.22, 0.32), (0.19, 0.15, 0.20), 0.2),
    ]
    details = [
        ((side * apart, 0.012, 0.455), (0.165 * eye, 0.14 * eye, 0.145 * eye), 0.03)
        for side in (-1, 1)
    ]
    details += [
        ((0, 0.03, 0.575 + 0.02 * nose), (0.048 * nose, 0.13, 0.115 * nose), 0.12),
        ((0, 0.14, 0.605 + 0.04 * nose), (0.050 * nose, 0.12, 0.115 * nose), 0.12),
        ((0, 0.24, 0.655 + 0.05 * nose), (0.057 * nose, 0.11, 0.110 * nose), 0.11),
        ((0, 0.325, 0.715 + 0.05 * nose), (0.076 * nose, 0.076 * nose, 0.10), 0.09),
        ((-0.092 * nose, 0.372, 0.68), (0.056 * nose, 0.050, 0.090), 0.05),
        ((0.092 * nose, 0.372, 0.68), (0.056 * nose, 0.050, 0.090), 0.05),
        ((0, 0.565, 0.615), (0.16, 0.034, 0.045), 0.05),
        ((0, 0.655, 0.605), (0.13, 0.040 * person.lip_fullness, 0.055), 0.05),
    ]
    details += [((s * 0.60 * wide, 0.10, -0.12), (0.10, 0.20, 0.12), 0.06) for s in (-1, 1)]

    def solid(points: np.ndarray) -> np.ndarray:
        gap = _ellipsoid(points, (0, -0.22, -0.12), (0.66 * wide, 0.78, 0.82))
        for centre, axes, blend in masses:
            gap = _smooth_min(gap, _ellipsoid(points, centre, axes), blend)
        for side in (-1, 1):
            socket = _ellipsoid(points, (side * apart, 0.005, 0.72), (0.175, 0.125, 0.17))
            gap = -_smooth_min(-gap, socket, 0.09)
        for centre, axes, blend in details:
            gap = _smooth_min(gap, _ellipsoid(points, centre, axes), blend)
        return gap

    return _radius_of(solid, directions)


def _hair_region(directions: np.ndarray, person: Identity) -> tuple[np.ndarray, np.ndarray]:
    """How far inside the hairline each direction is, and the strands, 0..1: two (n, n)."""
    rng = np.random.default_rng(person.seed)
    x, y, z = np.moveaxis(directions, -1, 0)
    around = np.degrees(np.arctan2(x, z))
    flow = around + 10 * (y + 0.5) * np.exp(-((around / 70) ** 2))
    flow = flow + 3 * np.sin(5 * y + around / 25)
    strands = sum(
        share * _noise(rng, flow, bumps) for share, bumps in ((0.3, 24), (0.4, 70), (0.3, 190))
    )
    line = np.interp(np.abs(around), *_HAIRLINE).astype(np.float32)
    edge = line + 0.035 * (strands - 0.5) + 0.03 * (_noise(rng, around, 40) - 0.5)
    return edge - y, strands


def _hair_radius(directions: np.ndarray, person: Identity) -> np.ndarray:
    """Radius of the outside of the hair, wherever there is any: (n, n)."""
    axes = (0.66 * person.face_width + 0.04, 0.84, 0.87)
    return _radius_of(lambda points: _ellipsoid(points, (0, -0.28, -0.12), axes), directions)


def _noise(rng: np.random.Generator, degrees: np.ndarray, bumps: int) -> np.ndarray:
    """Smooth periodic noise of an angle, in 0..1: same shape as `degrees`."""
    values = rng.random(bumps)
    phase = degrees / 360 * bumps
    low = np.floor(phase).astype(int)
    blend = phase - low
    blend = blend * blend * (3 - 2 * blend)
    return values[low % bumps] * (1 - blend) + values[(low + 1) % bumps] * blend


def _normals(points: np.ndarray) -> np.ndarray:
    """Outward unit normals of a surface given on the map: (n, n, 3) -> (n, n, 3)."""
    normal = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    return normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)


def _colours(
    points: np.ndarray, hair: np.ndarray, strands: np.ndarray, person: Identity
) -> np.ndarray:
    """Linear colour of skin and hair at points (n, n, 3): (n, n, 3)."""
    rng = np.random.default_rng(person.seed + 1)
    x, y = points[..., 0], points[..., 1]
    skin = np.square(np.array(person.skin, np.float32))
    red = (
        0.8 * np.exp(-(((np.abs(x) - 0.34) / 0.16) ** 2 + ((y - 0.30) / 0.15) ** 2))
        + 0.7 * np.exp(-((x / 0.12) ** 2 + ((y - 0.36) / 0.10) ** 2))
        + 0.5 * np.exp(-(((np.abs(x) - 0.66) / 0.1) ** 2 + ((y - 0.1) / 0.25) ** 2))
        + 0.25 * np.exp(-((x / 0.2) ** 2 + ((y - 0.9) / 0.12) ** 2))
    )
    mottle = sum(
        cv2.GaussianBlur(rng.standard_normal(x.shape).astype(np.float32), (0, 0), s) * s * gain
        for s, gain in ((1.0, 0.05), (5.0, 0.08))
    )
    colour = skin * (1 + 0.12 * mottle[..., None])
    colour = colour * (1 - red[..., None] * np.array([0.02, 0.20, 0.16]))
    hair_colour = np.square(np.array(person.hair, np.float32))
    lock = hair_colour * (0.45 + 1.1 * strands[..., None]) + 0.004
    return (colour + (lock - colour) * hair[..., None]).astype(np.float32)
