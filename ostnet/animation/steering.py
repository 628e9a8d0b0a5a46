"""Other measures of the driving scale than T_theta's of this very frame.

Each is called with one frame's alignment before its grid is used (``OSTNet.read``).
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from ostnet.animation.comparators import closed_form_scale
from ostnet.animation.smoothing import OneEuroFilter
from ostnet.model.ostnet import Steering
from ostnet.model.scale import Alignment, ScaleTransform


def in_turn(*steps: Steering) -> Steering:
    """Several of them, one after the other."""

    def steer(alignment: Alignment, x_source: Tensor, x_driving: Tensor) -> Alignment:
        for step in steps:
            alignment = step(alignment, x_source, x_driving)
        return alignment

    return steer


def at_scale(alignment: Alignment, scale: Tensor, transform: ScaleTransform) -> Alignment:
    """The alignment of a pure scale (B, 2) about the picture's centre; z stays."""
    return replace(alignment, fiducials=transform.base * scale[:, None], scale=scale)


def closed_form(transform: ScaleTransform) -> Steering:
    """The ratio of keypoint spreads in place of what T_theta measured."""
    return lambda alignment, x_source, x_driving: at_scale(
        alignment, closed_form_scale(x_source, x_driving), transform
    )


def smoothed(transform: ScaleTransform, fps: float) -> Steering:
    """A one-euro filter over the fiducial offsets of the frames so far."""
    smooth = OneEuroFilter(fps)

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        fiducials = transform.base + smooth(alignment.fiducials - transform.base)
        return replace(alignment, fiducials=fiducials, scale=transform.affine_scale(fiducials))

    return steer


def running_median(transform: ScaleTransform, frames: int) -> Steering:
    """The median of ln s over this frame and those before it, ``frames`` in all.

    Takes out where the driver sits and leaves in how they lean.
    """
    window: deque[Tensor] = deque(maxlen=frames)

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        window.append(alignment.scale.clamp(min=1e-3).log())
        scale = torch.stack(list(window)).quantile(0.5, dim=0).exp()
        return at_scale(alignment, scale, transform)

    return steer


def constant(transform: ScaleTransform, scale: tuple[float, float]) -> Steering:
    """The same scale for every frame."""

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        value = alignment.scale.new_tensor(scale).expand_as(alignment.scale)
        return at_scale(alignment, value, transform)

    return steer


def clip_scale(scales: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The median of ln s over a whole clip; (1, 1) without a frame."""
    logs = torch.tensor([[math.log(max(s, 1e-3)) for s in pair] for pair in scales])
    x, y = logs.quantile(0.5, dim=0).exp().tolist() if len(logs) else (1.0, 1.0)
    return x, y


def window_frames(seconds: float, fps: float) -> int:
    """How many frames a window of seconds holds, at least one."""
    return max(1, round(seconds * fps))
