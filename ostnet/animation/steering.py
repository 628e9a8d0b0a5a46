"""Alternatives to the scale that T_theta measures in each frame by itself.

Each function returns a callable that replaces a frame's alignment (tensors or NumPy arrays) before
its grid is used, see ``OSTNet.read``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from ostnet.animation.comparators import closed_form_scale, like
from ostnet.model.frame import Alignment, Steering

if TYPE_CHECKING:
    from torch import Tensor

    from ostnet.backends.graphed import Fiducials
    from ostnet.model.scale import ScaleTransform

    Transform = ScaleTransform | Fiducials


def in_turn(*steps: Steering) -> Steering:
    """Apply several, one after the other."""

    def steer(alignment: Alignment, x_source: Tensor, x_driving: Tensor) -> Alignment:
        for step in steps:
            alignment = step(alignment, x_source, x_driving)
        return alignment

    return steer


def at_scale(alignment: Alignment, scale: Tensor, transform: Transform) -> Alignment:
    """Replace the grid by a pure scale (B, 2) about the picture's centre; z stays."""
    return replace(alignment, fiducials=transform.base * scale[:, None], scale=scale)


def closed_form(transform: Transform) -> Steering:
    """Use the ratio of keypoint spreads."""
    return lambda alignment, x_source, x_driving: at_scale(
        alignment, closed_form_scale(x_source, x_driving), transform
    )


def smoothed(transform: Transform, fps: float) -> Steering:
    """Smooth the fiducial offsets over time with a one-euro filter."""
    smooth = OneEuroFilter(fps)

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        offsets: Any = alignment.fiducials - transform.base
        fiducials: Any = transform.base + smooth(offsets)
        return replace(alignment, fiducials=fiducials, scale=transform.affine_scale(fiducials))

    return steer


def running_median(transform: Transform, frames: int) -> Steering:
    """Use the median of ln s over the last ``frames`` frames, this one included.

    It removes the driver's usual distance and keeps leaning.
    """
    window: deque[tuple[float, float]] = deque(maxlen=frames)

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        x, y = alignment.scale[0].tolist()
        window.append((x, y))
        return at_scale(alignment, like([clip_scale(window)], alignment.scale), transform)

    return steer


def start_median(transform: Transform, frames: int) -> Steering:
    """Use the median of ln s over the frames so far, up to the first ``frames``."""
    seen: list[tuple[float, float]] = []

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        if len(seen) < frames:
            x, y = alignment.scale[0].tolist()
            seen.append((x, y))
        return at_scale(alignment, like([clip_scale(seen)], alignment.scale), transform)

    return steer


def constant(transform: Transform, scale: tuple[float, float]) -> Steering:
    """Replace the measured scale by a given one (s_x, s_y)."""

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        value = like([scale] * len(alignment.scale), alignment.scale)
        return at_scale(alignment, value, transform)

    return steer


def clip_scale(scales: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the median of ln s over all of them, as a scale; (1, 1) without any."""
    logs = [[math.log(max(s, 1e-3)) for s in pair] for pair in scales]
    x, y = (math.exp(median(axis)) for axis in zip(*logs, strict=True)) if logs else (1.0, 1.0)
    return x, y


class OneEuroFilter:
    """Casiez, Roussel, Vogel: "1 euro filter" (CHI 2012), one call per frame.

    Filters tensors or NumPy arrays, whichever it is given.

    Args:
        rate: frames per second.
        min_cutoff: cut-off frequency in Hz for a constant value; lower is steadier.
        beta: how much the cut-off rises with speed, in Hz per (unit per second); higher lags less.
        speed_cutoff: cut-off frequency in Hz of the speed estimate itself.
    """

    def __init__(
        self,
        rate: float,
        min_cutoff: float = 1.0,
        beta: float = 2.0,
        speed_cutoff: float = 1.0,
    ):
        self.rate, self.min_cutoff, self.beta = rate, min_cutoff, beta
        self.speed_cutoff = speed_cutoff
        self.value: Tensor | None = None
        self.speed: Tensor | None = None

    def __call__(self, value: Tensor) -> Tensor:
        """Filter the next frame's value; the first one passes unchanged."""
        before, speed = self.value, self.speed
        if before is None or speed is None:
            self.value, self.speed = value, value * 0
            return value
        raw_speed = (value - before) * self.rate
        speed = _blend(speed, raw_speed, self._weight(self.speed_cutoff))
        cutoff = self.min_cutoff + self.beta * abs(speed)
        smooth = _blend(before, value, self._weight(cutoff))
        self.value, self.speed = smooth, speed
        return smooth

    def _weight(self, cutoff):
        return 1 / (1 + self.rate / (2 * math.pi * cutoff))


def _blend(old: Tensor, new: Tensor, weight) -> Tensor:
    return old + weight * (new - old)
