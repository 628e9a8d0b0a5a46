"""The methods of every table: OSTNet's four variants and what they are compared with.

All methods of one call share the source's encoding and the driving keypoints, so that a difference
between two rows is due to the method alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from torch import Tensor

from ostnet.animation.comparators import closed_form_scale, hull_area, relative_motion
from ostnet.model.ostnet import Source
from ostnet.model.scale import FIDUCIALS, Alignment
from ostnet.training.augmentation import scale_image

METHODS = {
    "full": "rectified keypoints, z in the generator",
    "no_transform": "driving keypoints as they are, z in the generator",
    "no_embedding": "rectified keypoints, no z in the generator",
    "neither": "driving keypoints as they are, no z in the generator",
    "copy_source": "the source picture, unchanged",
    "closed_form": "as full, with fiducials diag(s) * base, s = rms(d_D) / rms(d_S) per axis, "
    "in place of T_theta's; z unchanged",
    "anchor_relative": "neither, with keypoint motion relative to an anchor frame "
    "(find_best_frame on normalised 68 landmarks among the frames measured, adapt_movement_scale); "
    "meant for a driver of constant scale",
    "backbone": "a network trained without the scale machinery and without augmentation",
    "backbone_augmented": "a network trained without the scale machinery, with augmentation",
}
"""Name -> what it does, in the order of every table."""

TRAINED_APART = ("backbone", "backbone_augmented")
"""Methods that need a checkpoint of their own."""

VARIANTS = ("full", "no_transform", "no_embedding", "neither")
"""Run-time toggles of one checkpoint."""

RECIPES = {
    "full": ("rectified", True),
    "no_transform": ("driving", True),
    "no_embedding": ("rectified", False),
    "neither": ("driving", False),
    "closed_form": ("closed_form", True),
    "anchor_relative": ("relative", False),
}
"""Method -> (which keypoints the source performs, whether the generator gets z)."""


@dataclass
class Generated:
    """What every method made of one source and T driving frames."""

    images: dict[str, np.ndarray] = field(default_factory=dict)
    """Method -> uint8 (T, H, W, 3)."""
    scales: dict[str, np.ndarray] = field(default_factory=dict)
    """Method -> (T, 2) driving scale that the method took out; absent where it has none."""
    turns: dict[str, np.ndarray] = field(default_factory=dict)
    """Method -> (T,) degrees by which its grid turns the driving frame."""
    rectified: np.ndarray | None = None
    """I_D^ of T_theta, uint8 (T, H, W, 3)."""


def to_batch(images: Sequence[np.ndarray], device: torch.device | str) -> Tensor:
    """uint8 pictures (H, W, 3) -> (T, 3, H, W) in [0, 1]."""
    stacked = torch.from_numpy(np.stack(images)).to(device)
    return stacked.permute(0, 3, 1, 2).float().div(255)


def to_images(batch: Tensor) -> np.ndarray:
    """(T, 3, H, W) in [0, 1] -> uint8 (T, H, W, 3): metrics see what a viewer would see."""
    pixels = batch.detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


def augment(images: Sequence[np.ndarray], scales: Sequence[tuple[float, float]]) -> np.ndarray:
    """Make the content of each uint8 picture (s_x, s_y) times as large -> uint8 (T, H, W, 3).

    The expression-preserved augmentation of training; scale (1, 1) returns the pictures.
    """
    return to_images(scale_image(to_batch(images, "cpu"), torch.tensor(scales).float()))


def rotate(image: np.ndarray, degrees: float) -> np.ndarray:
    """uint8 (H, W, 3) turned clockwise about its centre, edge pixels replicated."""
    if degrees == 0:
        return image
    height, width = image.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, -degrees, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def anchor_index(source: np.ndarray | None, driving: Sequence[np.ndarray | None]) -> int:
    """``find_best_frame`` of first-order-model: the frame most like the source in shape.

    source and driving: (68, 2) landmarks, or None where no face was found. Both are centred and
    divided by the square root of their hull area; least sum of squared distances. 0 where nothing
    can be compared.
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


@torch.inference_mode()
def generate(
    model,
    source: np.ndarray,
    driving: np.ndarray,
    names: Sequence[str],
    anchor: int = 0,
    smooth: Callable[[Tensor], Tensor] | None = None,
    batch: int = 8,
) -> Generated:
    """Run the methods that one OSTNet checkpoint can play.

    Args:
        model: an OSTNet in eval mode.
        source: uint8 (H, W, 3).
        driving: uint8 (T, H, W, 3).
        names: methods, none of ``TRAINED_APART``.
        anchor: index of the anchor frame of ``anchor_relative``.
        smooth: filter over time for T_theta's fiducial offsets (1, 12, 2), called frame by frame.
        batch: frames per forward pass.
    """
    device = next(model.parameters()).device
    state = model.encode(to_batch([source], device))
    frames = to_batch(driving, device)
    x_driving = torch.cat([model.keypoints(part) for part in frames.split(batch)])
    alignment = model.align(state.keypoints.expand_as(x_driving), x_driving)
    if smooth is not None:
        offsets = alignment.fiducials - FIDUCIALS.to(alignment.fiducials)
        steady = torch.cat([smooth(offset) for offset in offsets.split(1)])
        alignment.fiducials = FIDUCIALS.to(steady) + steady
        alignment.scale = model.scale.affine_scale(alignment.fiducials)
    return _join(
        [
            _generate_batch(
                model, state, x_driving[anchor], names, frames[rows], x_driving[rows], part
            )
            for rows, part in _batches(alignment, batch)
        ]
    )


def _batches(alignment: Alignment, batch: int):
    """(rows, the alignment of these rows), ``batch`` frames at a time."""
    for start in range(0, len(alignment.z), batch):
        rows = slice(start, start + batch)
        yield rows, Alignment(*(value[rows] for value in vars(alignment).values()))


def _generate_batch(
    model,
    state: Source,
    x_anchor: Tensor,
    names: Sequence[str],
    frames: Tensor,
    x_driving: Tensor,
    alignment: Alignment,
) -> Generated:
    """The methods on one batch (B, 3, H, W) of driving frames with keypoints (B, K, 2)."""
    state = state.expand(len(frames))
    result = Generated()
    performed = _performed(model, state, x_anchor, names, frames, x_driving, alignment, result)
    motions = {}
    for name in names:
        if name == "copy_source":
            result.images[name] = to_images(state.image)
            continue
        keypoints, embedding = RECIPES[name]
        if keypoints not in motions:
            motions[keypoints] = model.motion(state.small, state.keypoints, performed[keypoints])
        z = alignment.z if embedding else None
        result.images[name] = to_images(model.generator(state.taps, *motions[keypoints], z))
        if name in VARIANTS:
            taken_out = keypoints == "rectified" and model.config.with_scale_transform
            scale = alignment.scale if taken_out else torch.ones_like(alignment.scale)
            result.scales[name] = scale.cpu().numpy()
            result.turns[name] = (grid_turn(alignment.fiducials) * taken_out).cpu().numpy()
    return result


def _performed(
    model, state, x_anchor, names, frames, x_driving, alignment, result
) -> dict[str, Tensor]:
    """Every set of keypoints (B, K, 2) that the methods let the source perform.

    What is learned on the way (rectified frames, the closed form's scale) is kept in ``result``.
    """
    performed = {"driving": x_driving, "rectified": x_driving}
    if model.config.with_scale_transform:
        rectified = model.rectify(frames, alignment.fiducials)
        performed["rectified"] = model.keypoints(rectified)
        result.rectified = to_images(rectified)
    if "closed_form" in names:
        scale = closed_form_scale(state.keypoints, x_driving)  # (B, 2)
        fiducials = scale[:, None] * FIDUCIALS.to(scale)
        performed["closed_form"] = model.keypoints(model.rectify(frames, fiducials))
        result.scales["closed_form"] = scale.cpu().numpy()
    if "anchor_relative" in names:
        anchor = x_anchor.expand_as(x_driving)
        performed["relative"] = relative_motion(state.keypoints, x_driving, anchor)
    return performed


def grid_turn(fiducials: Tensor) -> Tensor:
    """In-plane rotation of the grid of fiducials (B, 12, 2) -> (B,) degrees, clockwise positive.

    Angle of the rotation nearest to the least-squares affine map from base points to fiducials.
    """
    base = torch.cat([FIDUCIALS, torch.ones(len(FIDUCIALS), 1)], dim=1).to(fiducials)  # (12, 3)
    affine = torch.linalg.pinv(base) @ fiducials  # (B, 3, 2): row a, where unit vector a goes
    turn = torch.atan2(affine[:, 0, 1] - affine[:, 1, 0], affine[:, 0, 0] + affine[:, 1, 1])
    return torch.rad2deg(turn)


def _join(parts: Sequence[Generated]) -> Generated:
    first = parts[0]
    whole = {
        name: {key: np.concatenate([getattr(p, name)[key] for p in parts]) for key in values}
        for name, values in (
            ("images", first.images),
            ("scales", first.scales),
            ("turns", first.turns),
        )
    }
    if first.rectified is not None:
        whole["rectified"] = np.concatenate([part.rectified for part in parts])
    return Generated(**whole)
