"""Brows, eyes, nostrils and mouth: where they are and what they look like.

They are painted on a sheet held in front of the face (x right, y down, head units, lips closed or
parted but the jaw's drop undone) and projected straight back onto the head. Landmarks come from the
same positions, so they are exact.
"""

from dataclasses import dataclass

import numpy as np

from .params import FaceParams
from .sheet import Sheet

_MOUTH_Y = 0.605
_SIDES = (-1, 1)


def landmark_positions(params: FaceParams) -> np.ndarray:
    """Sheet positions of brows, irises, outer eye corners, bridge, tip, mouth corners and lips.

    (12, 2): the first twelve of the landmarks; chin and jaw are no features of the sheet.
    """
    mouth = _Mouth.of(params)
    brows = [(side * _brow_x(params, 0.45), _brow_y(params, 0.45)) for side in _SIDES]
    irises = [_iris(params, side) for side in _SIDES]
    corners = [_outer_corner(params, side) for side in _SIDES]
    nose = [(0.0, -0.015), (0.0, 0.32)]
    lips = [(-mouth.width, mouth.corner), (mouth.width, mouth.corner)]
    lips += [(0.0, float(f(np.zeros(1))[0])) for f in (mouth.upper_outer, mouth.lower_outer)]
    return np.array([*brows, *irises, *corners, *nose, *lips])


def paint(params: FaceParams, density: float) -> Sheet:
    """Paint all features at `density` pixels per head unit."""
    sheet = Sheet(density)
    _paint_nose(sheet, params)
    for side in _SIDES:
        _paint_eye(sheet, params, side)
        _paint_brow(sheet, params, side)
    _paint_mouth(sheet, params)
    return sheet


def _linear(colour) -> np.ndarray:
    return np.square(np.asarray(colour, np.float32))


def _bump(value: np.ndarray) -> np.ndarray:
    """exp(-v^2): a soft spot of radius about one."""
    return np.exp(-value * value)


# Eyes ---------------------------------------------------------------------------------------


def _eye_size(params: FaceParams) -> float:
    return 0.148 * params.identity.eye_size


def _eye_centre(params: FaceParams, side: int) -> tuple[float, float]:
    return side * 0.27 * params.identity.eye_spacing, 0.012


def _outer_corner(params: FaceParams, side: int) -> tuple[float, float]:
    x, y = _eye_centre(params, side)
    return x + side * _eye_size(params), y - 0.012


def _iris(params: FaceParams, side: int) -> tuple[float, float]:
    x, y = _eye_centre(params, side)
    return x + 0.052 * params.gaze[0], y - 0.006 + 0.028 * params.gaze[1]


def _paint_eye(sheet: Sheet, params: FaceParams, side: int) -> None:
    person = params.identity
    half = _eye_size(params)
    x0, y0 = _eye_centre(params, side)
    blink = params.blink_left if side < 0 else params.blink_right
    window = sheet.window(x0 - 0.24, x0 + 0.24, y0 - 0.17, y0 + 0.17)
    along = (window.x - x0) * side / half
    y = window.y - y0 + 0.012 * along
    arch = np.sqrt(np.clip(1 - along * along, 0, 1))
    wide = 1 + 0.12 * max(params.brow_raise, 0) - 0.16 * max(params.smile, 0)
    looking_down = 0.016 * params.gaze[1]
    upper_open = -(0.066 * wide * person.eye_size - looking_down) * arch ** (0.85 + 0.1 * along)
    lower = 0.047 * person.eye_size * arch**1.3
    closed = lower * 0.75
    upper = upper_open + (closed - upper_open) * blink
    skin, lash = _linear(person.skin), _linear(person.hair) * 0.25 + 0.004
    reach = np.clip((1.12 - np.abs(along)) / 0.25, 0, 1)

    crease = upper_open - 0.034 - 0.012 * blink
    fold = 0.5 * (1 - 0.6 * blink) * _bump((y - crease) / 0.010)
    window.over(skin * (0.50, 0.38, 0.34), reach * fold)
    lid = (y > crease) & (y < upper)
    window.over(skin * (0.88, 0.76, 0.72), 0.45 * reach * lid)
    window.over(skin * (0.70, 0.55, 0.52), 0.30 * reach * _bump((y - lower - 0.040) / 0.016))

    opening = window.inside(np.minimum(y - upper, lower - y)) * (np.abs(along) < 1)
    ball = np.clip(1 - ((window.x - x0) / (1.15 * half)) ** 2, 0, 1)
    shade = (0.55 + 0.45 * np.clip((y - upper) / 0.050, 0, 1)) * (0.6 + 0.4 * ball)
    white = np.array([0.80, 0.77, 0.75], np.float32) * shade[..., None]
    window.over(white, opening)
    window.over((0.55, 0.24, 0.22), opening * np.clip((-along - 0.84) / 0.1, 0, 1) * 0.8)

    centre_x, centre_y = _iris(params, side)
    away = np.hypot(window.x - centre_x, window.y - centre_y)
    radius = 0.066 * person.eye_size
    glow = 0.55 + 0.9 * np.clip((window.y - centre_y) / radius, -0.4, 1) * (away < radius)
    tint = _linear(person.iris)[None, None] * (glow * shade)[..., None] * 1.25
    window.over(tint, opening * window.inside(radius - away))
    window.over((0.012, 0.010, 0.010), opening * 0.75 * _bump((away - radius) / 0.010))
    window.over((0.004, 0.004, 0.004), opening * window.inside(0.029 * person.eye_size - away))
    spark = np.hypot(window.x - centre_x + 0.024, window.y - centre_y + 0.026)
    window.over((1, 1, 1), 0.85 * opening * window.inside(0.0125 - spark))

    thick = 0.013 * (0.55 + 0.45 * np.clip(along + 0.6, 0, 1.6)) * reach
    upper_lashes = window.inside(thick - np.abs(y - upper + 0.004)) * (along > -1.02)
    window.over(lash, 0.92 * reach * upper_lashes)


# Brows --------------------------------------------------------------------------------------


def _brow_x(params: FaceParams, along):
    """Distance from the middle of the face of a brow's point, 0 its inner end, 1 its outer."""
    return (0.115 + 0.34 * along) * params.identity.eye_spacing - 0.008 * min(params.brow_raise, 0)


def _brow_y(params: FaceParams, along):
    frown = max(-params.brow_raise, 0)
    lift = 0.075 * max(params.brow_raise, 0) - 0.045 * frown * (1.2 - along)
    return -0.162 - 0.058 * np.sin(np.pi * along**1.15) + 0.030 * along**2 - lift


def _paint_brow(sheet: Sheet, params: FaceParams, side: int) -> None:
    person = params.identity
    middle = side * _brow_x(params, 0.5)
    window = sheet.window(middle - 0.25, middle + 0.25, -0.42, -0.02)
    start, end = _brow_x(params, 0.0), _brow_x(params, 1.0)
    along = (window.x * side - start) / (end - start)
    inside = np.clip(along, 0, 1)
    centre = _brow_y(params, inside)
    ends = np.clip((along + 0.08) / 0.2, 0, 1) * np.clip((1.03 - along) / 0.15, 0, 1)
    thick = 0.040 * person.brow_weight * (1 - 0.72 * inside**1.6) * ends
    across = (window.y - centre) / np.maximum(thick, 1e-3)
    strength = np.clip(1.45 * (1 - np.abs(across) ** 1.6), 0, 1) * np.clip(thick / 0.008, 0, 1)
    window.over(_linear(person.hair) * 0.45 + 0.002, 0.8 * strength * (along > -0.1))


# Nose ---------------------------------------------------------------------------------------


def _paint_nose(sheet: Sheet, params: FaceParams) -> None:
    skin, nose = _linear(params.identity.skin), params.identity.nose_size
    window = sheet.window(-0.3, 0.3, 0.22, 0.52)
    for side in _SIDES:
        x = (window.x * side - 0.050 * nose) / (0.032 * nose)
        y = (window.y - 0.408 + 0.010 * x) / 0.015
        window.over(skin * (0.16, 0.07, 0.06), 0.9 * np.clip(1.5 - 1.3 * np.hypot(x, y), 0, 1))
        wing_x = (window.x * side - 0.145 * nose) / 0.016
        wing_y = (window.y - 0.385) / 0.055
        window.over(skin * (0.55, 0.38, 0.34), 0.35 * _bump(np.hypot(wing_x, wing_y)))


# Mouth --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mouth:
    """Outline of the lips at rest jaw: curves of y over x / width in -1..1."""

    width: float
    middle: float
    corner: float
    gap: float
    full: float
    smile: float

    @classmethod
    def of(cls, params: FaceParams) -> "_Mouth":
        smile, gap = params.smile, 0.155 * params.mouth_open
        width = 0.215 * (1 + 0.20 * max(smile, 0) + 0.30 * min(smile, 0) - 0.08 * params.mouth_open)
        corner = _MOUTH_Y - 0.058 * smile + 0.22 * gap
        full = params.identity.lip_fullness * (1 - 0.18 * max(smile, 0) - 0.15 * min(smile, 0))
        return cls(width, _MOUTH_Y, corner, gap, full, smile)

    def line(self, along: np.ndarray) -> np.ndarray:
        """Where closed lips meet."""
        bow = 0.008 * np.cos(np.pi * np.clip(along * 1.5, -1, 1))
        curl = (self.corner - self.middle) * np.abs(along) ** 1.7
        return self.middle + curl + bow * (1 - along**2)

    def upper_inner(self, along: np.ndarray) -> np.ndarray:
        return self.line(along) - 0.14 * self.gap * self._arch(along, 0.6)

    def lower_inner(self, along: np.ndarray) -> np.ndarray:
        return self.line(along) + self.gap * self._arch(along, 0.55)

    def upper_outer(self, along: np.ndarray) -> np.ndarray:
        bow = 1 - 0.20 * _bump(along / 0.13) + 0.06 * _bump((np.abs(along) - 0.25) / 0.15)
        return self.upper_inner(along) - 0.056 * self.full * bow * self._arch(along, 0.95)

    def lower_outer(self, along: np.ndarray) -> np.ndarray:
        return self.lower_inner(along) + 0.072 * self.full * self._arch(along, 0.75)

    @staticmethod
    def _arch(along: np.ndarray, power: float) -> np.ndarray:
        return np.clip(1 - along * along, 0, 1) ** power


def _paint_mouth(sheet: Sheet, params: FaceParams) -> None:
    person, mouth = params.identity, _Mouth.of(params)
    skin, lips = _linear(person.skin), _linear(person.lips)
    window = sheet.window(-0.42, 0.42, 0.36, 0.98)
    along = window.x / mouth.width
    y = window.y
    upper_in, lower_in = mouth.upper_inner(along), mouth.lower_inner(along)
    upper_out, lower_out = mouth.upper_outer(along), mouth.lower_outer(along)
    within = np.clip((1.02 - np.abs(along)) * 12, 0, 1)

    crease = 0.14 + 0.45 * max(mouth.smile, 0)
    fold_x = np.abs(window.x) - (0.19 + 0.55 * np.clip(y - 0.40, 0, 0.3) + 0.03 * mouth.smile)
    fade = _bump((y - 0.50) / 0.10)
    window.over(skin * (0.62, 0.46, 0.42), crease * fade * _bump(fold_x / 0.022))
    below = (y - lower_out - 0.035) / 0.026
    window.over(skin * (0.66, 0.52, 0.48), 0.42 * _bump(below) * _bump(window.x / 0.14))

    red = window.inside(np.minimum(y - upper_out, lower_out - y)) * within
    upper = np.clip((mouth.line(along) + mouth.gap * 0.5 - y) * 40, 0, 1)
    round_up = np.clip((y - upper_out) / np.maximum(upper_in - upper_out, 1e-3), 0, 1)
    round_low = np.clip((y - lower_in) / np.maximum(lower_out - lower_in, 1e-3), 0, 1)
    shade = upper * (0.88 - 0.25 * round_up) + (1 - upper) * (1.12 - 0.38 * round_low**2)
    window.over(lips * shade[..., None], 0.92 * red)

    opening = window.inside(np.minimum(y - upper_in, lower_in - y)) * within
    deep = np.clip((lower_in - y) / 0.10, 0, 1)
    inside = np.array([0.075, 0.014, 0.012], np.float32) * (1 - 0.55 * deep)[..., None]
    if mouth.gap > 1e-3:
        window.over(inside, opening)
        tongue_y = (y - mouth.middle - mouth.gap) / (0.5 * mouth.gap)
        tongue = np.hypot(window.x / (0.62 * mouth.width), tongue_y)
        window.over((0.33, 0.10, 0.09), opening * np.clip((1 - tongue) * 4, 0, 1) * 0.9)
        bottom = mouth.middle - 0.004 + 0.30 * np.minimum(mouth.gap, 0.1) + 0.012 * (1 - along**2)
        bottom = bottom - 0.5 * np.abs(mouth.corner - mouth.middle) * along**2
        teeth = window.inside(bottom - y) * np.clip((0.86 - np.abs(along)) * 6, 0, 1)
        lit = np.clip((y - upper_in) / 0.035, 0.25, 1) * (1 - 0.45 * along**2)
        window.over(np.array([0.72, 0.67, 0.60], np.float32) * lit[..., None], opening * teeth)
    slit = _bump((y - mouth.line(along)) / 0.0075) * np.clip(1 - mouth.gap / 0.03, 0, 1)
    window.over(lips * (0.16, 0.10, 0.10), 0.85 * slit * within)
