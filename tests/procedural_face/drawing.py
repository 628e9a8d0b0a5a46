"""From parameters to a picture and the exact places of its landmarks."""

import numpy as np

from . import features
from .body import draw_body, wall
from .head import Head, build_head
from .params import FaceParams
from .rays import Jaw, lookup, to_map, trace

LANDMARKS = (
    "brow_left", "brow_right", "iris_left", "iris_right", "eye_outer_left", "eye_outer_right",
    "nose_bridge", "nose_tip", "mouth_left", "mouth_right", "lip_upper", "lip_lower",
    "chin", "jaw_left", "jaw_right",
)  # fmt: skip
"""Names of the landmarks in order; left and right are the picture's sides."""

UNIT = 0.78
"""Head unit in picture coordinates at normal framing."""
CENTRE = np.array([0.0, -0.12])
"""Centre of the upright head in picture coordinates at normal framing."""
_PIVOT = np.array([0.0, 0.60, -0.25])
_CHIN_AND_JAW = np.array([[0.0, 0.965, 0.50], [-0.50, 0.48, 0.22], [0.50, 0.48, 0.22]])


def render(params: FaceParams, size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Draw one frame.

    Returns the picture, uint8 RGB (size, size, 3), and its landmarks, float64 (15, 2) in [-1, 1]
    (x right, y down, -1 and 1 at the centres of the outermost pixels), in the order of
    `LANDMARKS`. Points hidden by the turn of the head are given all the same.
    """
    head = build_head(params.identity, 512 if size <= 320 else 1024)
    jaw = Jaw(0.42 * params.mouth_open)
    rotation = _rotation(params)
    to_canvas = _head_to_canvas(params, size)
    canvas = wall(params.identity, size)
    draw_body(canvas, params.identity, to_canvas)
    _draw_head(canvas, head, jaw, rotation, to_canvas, params)
    image = np.clip(canvas + 0.5, 0, 255).astype(np.uint8)
    return image, _landmarks(params, head, jaw, rotation)


def _rotation(params: FaceParams) -> np.ndarray:
    """Head frame to camera frame: pitch first, then yaw, then roll: (3, 3)."""
    (sy, cy), (sp, cp), (sr, cr) = (
        (np.sin(a), np.cos(a)) for a in (params.yaw, params.pitch, params.roll)
    )
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return roll @ yaw @ pitch


def _landmarks(params: FaceParams, head: Head, jaw: Jaw, rotation: np.ndarray) -> np.ndarray:
    """Picture coordinates of the landmarks: (15, 2)."""
    sheet = features.landmark_positions(params)
    start = np.stack([sheet[:, 0], sheet[:, 1], np.full(len(sheet), 1.3)])
    way, _ = trace(head.radius, start, np.array([0, 0, -1]), Jaw(0.0), touch=1e-5)
    on_face = start - np.stack([way * 0, way * 0, way])
    outline = (_CHIN_AND_JAW / np.linalg.norm(_CHIN_AND_JAW, axis=1, keepdims=True)).T
    column, row, _ = to_map(outline, head.radius.shape[0])
    outline = outline * lookup(head.radius, column.astype(np.float32), row.astype(np.float32))
    points = jaw.open(np.concatenate([on_face, outline], axis=1).astype(np.float64))
    turned = _PIVOT[:, None] + rotation @ (points - _PIVOT[:, None])
    normal_framing = CENTRE + UNIT * turned[:2].T
    return np.asarray(params.scale) * normal_framing + np.asarray(params.shift)


def _head_to_canvas(params: FaceParams, size: int) -> np.ndarray:
    """Upright head's frame to pixels: (2, 3)."""
    half = (size - 1) / 2
    scale, shift = np.asarray(params.scale), np.asarray(params.shift)
    gain, origin = scale * UNIT * half, (scale * CENTRE + shift + 1) * half
    return np.array([[gain[0], 0, origin[0]], [0, gain[1], origin[1]]])


def _draw_head(canvas, head: Head, jaw: Jaw, rotation, to_canvas, params: FaceParams) -> None:
    """Draw the head over the canvas (side, side, 3)."""
    reach = float(head.radius.max()) + 0.02
    gain = to_canvas[[0, 1], [0, 1]]
    middle = gain * (_PIVOT - rotation @ _PIVOT)[:2] + to_canvas[:, 2]
    below = reach * (1 + 0.25 * jaw.drop)
    side = len(canvas)
    low = np.clip(np.floor(middle - gain * reach), 0, side).astype(int)
    high = np.clip(np.ceil(middle + gain * (reach, below)) + 1, 0, side).astype(int)
    if np.any(high <= low):
        return  # out of sight
    x, y = (
        ((np.arange(a, b, dtype=np.float32) - m) / g).astype(np.float32)
        for a, b, m, g in zip(low, high, middle, gain, strict=True)
    )
    x, y = (each.ravel() for each in np.meshgrid(x, y))
    to_head, ray = rotation.T.astype(np.float32), -rotation[2].astype(np.float32)
    start = to_head @ np.stack([x, y, np.full(x.size, 1.4, np.float32)])
    way, nearest = trace(head.radius, start, ray, jaw, 0.15 / float(gain.max()))
    coverage = np.clip(1 - nearest * gain.mean(), 0, 1)
    hit = np.flatnonzero(coverage > 0)
    points = jaw.close(start[:, hit] + ray[:, None] * way[hit])
    patch = canvas[low[1] : high[1], low[0] : high[0]].reshape(-1, 3)
    cover = coverage[hit, None]
    colour = 255 * _shade(head, points, rotation, params, gain.mean())
    patch[hit] += (colour - patch[hit]) * cover
    canvas[low[1] : high[1], low[0] : high[0]] = patch.reshape(high[1] - low[1], -1, 3)


def _shade(head: Head, points, rotation, params: FaceParams, density: float) -> np.ndarray:
    """Displayed colour, 0..1, of points (3, N) of the head at rest: (N, 3)."""
    size = head.radius.shape[0]
    column, row, _ = to_map(points, size)
    albedo = lookup(head.albedo, column, row)
    colour, hair = albedo[:, :3], albedo[:, 3]

    sheet = features.paint(params, min(0.75 * density, 320.0))
    painted = lookup(sheet.colour, *sheet.pixel(points[0], points[1]))
    front = np.clip(points[2] * 8 - 1, 0, 1) * (1 - hair)
    painted *= front[:, None]
    colour = colour * (1 - painted[:, 3:]) + painted[:, :3]

    normal = lookup(head.normal, column, row) @ rotation.T.astype(np.float32)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    linear = colour * _illuminate(normal)
    linear += (_highlights(normal, hair) * (1 - 0.6 * painted[:, 3]))[:, None]
    return np.sqrt(np.clip(linear, 0, 1))


_KEY = np.array([-0.46, -0.52, 0.72], np.float32)
_FILL = np.array([0.75, -0.05, 0.66], np.float32)


def _illuminate(normal: np.ndarray) -> np.ndarray:
    """Light arriving at points: normals (N, 3) in the camera frame -> (N, 3)."""
    wrap = np.array([0.42, 0.28, 0.24], np.float32)  # red light bleeds furthest under the skin
    direct = np.clip(((normal @ _KEY)[:, None] + wrap) / (1 + wrap), 0, 1)
    fill = np.clip(normal @ _FILL, 0, 1) * 0.26 + 0.16 - 0.12 * normal[:, 1]
    return 0.86 * direct * (1.04, 0.97, 0.90) + fill[:, None] * (0.92, 0.98, 1.08)


def _highlights(normal: np.ndarray, hair: np.ndarray) -> np.ndarray:
    """Mirrored light: (N,)."""
    half = _KEY + np.array([0, 0, 1], np.float32)
    facing = np.clip(normal @ (half / np.linalg.norm(half)), 0, 1)
    return (0.085 * facing**26 + 0.05 * facing**7) * (1 - hair) + 0.05 * hair * facing**12
