"""Methods' pictures of one source and its driving frames, made as ``ostnet animate`` makes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ostnet.animation.animator import Animator
from ostnet.animation.comparators import MotionPoints, hull_area
from ostnet.animation.frame import ClipReference, Frame
from ostnet.animation.pose import Shot, neutral_pose, own_place
from ostnet.animation.stages import pair
from ostnet.animation.steering import clip_scale
from ostnet.methods import (
    COMPARATORS,
    COPY_SOURCE,
    START_SCALE,
    VARIANTS,
    switches,
)
from ostnet.model.frame import at_source_scale
from ostnet.model.ostnet import OSTNet, Reading
from ostnet.model.scale import FIDUCIALS, scale_image
from ostnet.options import METHOD, AnimateOptions


@dataclass
class Generated:
    """The results of every method for one source and T driving frames."""

    images: dict[str, np.ndarray] = field(default_factory=dict)
    """Method -> uint8 (T, H, W, 3)."""
    scales: dict[str, np.ndarray] = field(default_factory=dict)
    """Method -> (T, 2) driving scale that the method took out; absent where it has none."""
    turns: dict[str, np.ndarray] = field(default_factory=dict)
    """Method -> (T,) degrees by which its grid turns the driving frame."""
    rectified: np.ndarray | None = None
    """I_D^ of T_theta, uint8 (T, H, W, 3)."""


def to_batch(images: Sequence[np.ndarray], device: torch.device | str) -> Tensor:
    """Return uint8 pictures (H, W, 3) as one tensor (T, 3, H, W) in [0, 1]."""
    stacked = torch.from_numpy(np.stack(images)).to(device)
    return stacked.permute(0, 3, 1, 2).float().div(255)


def to_images(batch: Tensor) -> np.ndarray:
    """Return (T, 3, H, W) in [0, 1] as uint8 (T, H, W, 3): metrics see what a viewer would see."""
    pixels = batch.detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


def augment(images: Sequence[np.ndarray], scales: Sequence[tuple[float, float]]) -> np.ndarray:
    """Make the content of each uint8 picture (s_x, s_y) times as large: uint8 (T, H, W, 3).

    This is the expression-preserved augmentation of training; scale (1, 1) returns the pictures.
    """
    return to_images(scale_image(to_batch(images, "cpu"), torch.tensor(scales).float()))


def rotate(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turn a uint8 picture (H, W, 3) clockwise about its centre; edge pixels are repeated."""
    if degrees == 0:
        return image
    height, width = image.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, -degrees, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def anchor_index(source: np.ndarray | None, driving: Sequence[np.ndarray | None]) -> int:
    """Return the frame most like the source in shape (``find_best_frame``, first-order-model).

    Both shapes are centred and divided by the square root of their hull area; the least sum of
    squared distances wins.

    Args:
        source: landmarks (68, 2), or None where no face was found.
        driving: the same for each driving frame.

    Returns:
        An index; 0 where nothing can be compared.
    """
    if source is None:
        return 0
    target = _normalised(source)
    distances = [
        np.inf if points is None else float(((_normalised(points) - target) ** 2).sum())
        for points in driving
    ]
    return int(np.argmin(distances))


def _normalised(points: np.ndarray) -> np.ndarray:
    return (points - points.mean(axis=0)) / hull_area(torch.from_numpy(points)) ** 0.5


def generate(
    model: OSTNet,
    source: np.ndarray,
    driving: Sequence[np.ndarray] | np.ndarray,
    names: Sequence[str],
    anchor: int = 0,
    first_second: Sequence[np.ndarray] | np.ndarray | None = None,
    smoothing_fps: float | None = None,
) -> Generated:
    """Run the methods that need one OSTNet checkpoint.

    Args:
        model: an OSTNet in eval mode. It works at its own resolution R; its pictures have the size
            of the source.
        source: uint8 (H, H, 3).
        driving: uint8 (T, H, W, 3).
        names: methods, none of ``TRAINED_APART``.
        anchor: index of the anchor frame of ``anchor_relative``.
        first_second: frames over which ``full_start_scale`` measures its scale, uint8 (N, H, W, 3);
            None: the driving frames.
        smoothing_fps: frame rate of the one-euro filter on the scale of the variants; None: no
            filter.
    """
    animator = Animator(model, str(next(model.parameters()).device), "torch", len(source))
    animator.set_source(source)
    variants = [name for name in names if name in VARIANTS]
    options = replace(METHOD, scale_smoothing=smoothing_fps is not None)
    clip = ClipReference(fps=smoothing_fps or 25.0)
    plain = list(animator.variants(driving, variants or ["full"], options, clip, rectified=False))
    readings = [next(iter(made.values())).reading for made in plain]
    result = Generated()
    if model.config.with_scale_transform:
        pictures = (reading.rectified for reading in readings)
        rectified = [_resized(frame, len(source)) for frame in pictures if frame is not None]
        result.rectified = np.concatenate([to_images(frame) for frame in rectified])
    for name in names:
        if name == COPY_SOURCE:
            result.images[name] = np.stack([source] * len(driving))
        elif name in VARIANTS:
            _keep(result, name, [made[name] for made in plain])
        else:
            method = COMPARATORS[name]
            options = replace(METHOD, **method.options)
            clip = _reference(options, readings, anchor)
            if name == START_SCALE and first_second is not None:
                clip = animator.reference(first_second, replace(METHOD, scale_window="clip"))
            made = animator.variants(driving, [method.variant], options, clip, rectified=False)
            _keep(result, name, [frames[method.variant] for frames in made])
    return result


def _resized(frame: Tensor, side: int) -> Tensor:
    """Return (1, 3, R, R) as (1, 3, side, side)."""
    if frame.shape[-1] == side:
        return frame
    return functional.interpolate(frame, size=(side, side), mode="bilinear", antialias=True)


def _reference(options: AnimateOptions, readings: Sequence[Reading], anchor: int) -> ClipReference:
    """Return the measurements of the whole clip that a comparator needs."""
    if options.scale_window != "frame":
        return ClipReference(scale=clip_scale(pair(r.alignment.scale) for r in readings))
    if options.rectify == "points":
        readings = [
            replace(r, x_rectified=at_source_scale(r.x_driving, r.alignment.scale))
            for r in readings
        ]
    if options.pose != "driver":
        places = [own_place(reading)[0].cpu().numpy() for reading in readings]
        return ClipReference(shots=(Shot(0, neutral_pose(places)),))
    if options.motion == "relative":
        reading = readings[anchor]
        return ClipReference(anchor=MotionPoints(reading.x_driving, reading.x_rectified))
    return ClipReference()


def _keep(result: Generated, name: str, frames: Sequence[Frame]) -> None:
    """Add one method's pictures, and what its grid takes out, to the result."""
    result.images[name] = np.stack([frame.image for frame in frames])
    method = COMPARATORS.get(name)
    given = method.options if method else {}
    if "motion" in given:
        return
    taken_out = result.rectified is not None and switches(method.variant if method else name)[0]
    fiducials = torch.cat([frame.reading.alignment.fiducials for frame in frames])
    scales = np.array([frame.scale for frame in frames], np.float32)
    result.scales[name] = scales if taken_out else np.ones_like(scales)
    if given.keys() <= {"pose"}:
        result.turns[name] = (grid_turn(fiducials) * taken_out).cpu().numpy()


def grid_turn(fiducials: Tensor) -> Tensor:
    """Return how grids of fiducials (B, 12, 2) turn the picture: (B,) degrees, clockwise positive.

    It is the angle of the rotation nearest to the least-squares affine map from base points to
    fiducials.
    """
    base = torch.cat([FIDUCIALS, torch.ones(len(FIDUCIALS), 1)], dim=1).to(fiducials)  # (12, 3)
    affine = torch.linalg.pinv(base) @ fiducials  # (B, 3, 2): row a, where unit vector a goes
    turn = torch.atan2(affine[:, 0, 1] - affine[:, 1, 0], affine[:, 0, 0] + affine[:, 1, 1])
    return torch.rad2deg(turn)
