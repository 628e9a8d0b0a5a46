"""What every method of the tables makes of one source and its driving frames.

All methods of one call share the source's encoding and the driving keypoints, so that a difference
between two rows is due to the method alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from torch import Tensor

from ostnet.animation.comparators import hull_area, relative_motion
from ostnet.animation.pose import neutral_pose, own_place, posed
from ostnet.animation.steering import clip_scale, closed_form, constant
from ostnet.methods import COMPARATORS, COPY_SOURCE, PERFORMED, VARIANTS
from ostnet.model.ostnet import OSTNet, Reading, Source, Steering
from ostnet.model.rescale import scale_image
from ostnet.model.scale import FIDUCIALS


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
    steer: Steering | None = None,
    first_second: np.ndarray | None = None,
    batch: int = 8,
) -> Generated:
    """Run the methods that one OSTNet checkpoint can play.

    Args:
        model: an OSTNet in eval mode.
        source: uint8 (H, W, 3).
        driving: uint8 (T, H, W, 3).
        names: methods, none of ``TRAINED_APART``.
        anchor: index of the anchor frame of ``anchor_relative``.
        steer: another measure of the driving scale, called frame by frame.
        first_second: uint8 (N, H, W, 3), frames over which ``full_start_scale`` measures its scale;
            None: the driving frames.
        batch: frames per forward pass, without ``steer``.
    """
    device = next(model.parameters()).device
    one = model.encode(to_batch([source], device))
    frames = to_batch(driving, device)
    parts = frames.split(1 if steer else batch)
    readings = [model.read(one.expand(len(part)), part, steer=steer) for part in parts]
    keypoints = {PERFORMED[name].keypoints for name in names if name in PERFORMED}
    others = {"closed_form": closed_form(model.scale)}
    if "clip_scale" in keypoints:
        others["clip_scale"] = constant(model.scale, _one_scale(readings))
    if "start_scale" in keypoints:
        first = frames if first_second is None else to_batch(first_second, device)
        begun = [model.read(one.expand(len(part)), part) for part in first.split(batch)]
        others["start_scale"] = constant(model.scale, _one_scale(begun))
    places = torch.cat([own_place(reading) for reading in readings])  # (T, K, 2)
    clip = _Clip(
        others,
        anchor=model.keypoints(frames[anchor : anchor + 1]),
        neutral=places.new_tensor(neutral_pose(places.cpu().numpy()))[None],
    )
    return _join(
        [
            _generate_batch(model, one.expand(len(part)), names, part, reading, clip)
            for part, reading in zip(parts, readings, strict=True)
        ]
    )


@dataclass
class _Clip:
    """What the driving frames have in common."""

    others: Mapping[str, Steering]
    """Set of keypoints -> the measure of scale that it is rectified by."""
    anchor: Tensor
    """Keypoints (1, K, 2) of the anchor frame."""
    neutral: Tensor
    """The neutral pose (1, K, 2)."""


def _generate_batch(
    model: OSTNet,
    state: Source,
    names: Sequence[str],
    frames: Tensor,
    reading: Reading,
    clip: _Clip,
) -> Generated:
    """The methods on one batch (B, 3, H, W) of driving frames."""
    result = Generated()
    performed = _performed(model, state, reading, names, frames, clip, result)
    motions = {}
    for name in names:
        if name == COPY_SOURCE:
            result.images[name] = to_images(state.image)
            continue
        method = PERFORMED[name]
        which = method.keypoints, method.pose
        if which not in motions:
            motions[which] = model.move(state, performed[which])
        alignment = reading.alignment
        z = alignment.z if method.embedding else None
        result.images[name] = to_images(model.paint(state, motions[which], z).image)
        if name in VARIANTS or method.pose != "driver":
            taken_out = method.keypoints == "rectified" and model.config.with_scale_transform
            scale = alignment.scale if taken_out else torch.ones_like(alignment.scale)
            result.scales[name] = scale.cpu().numpy()
            result.turns[name] = (grid_turn(alignment.fiducials) * taken_out).cpu().numpy()
    return result


def _performed(
    model: OSTNet,
    state: Source,
    reading: Reading,
    names: Sequence[str],
    frames: Tensor,
    clip: _Clip,
    result: Generated,
) -> dict[tuple[str, str], Tensor]:
    """Every set of keypoints (B, K, 2) that the methods let the source perform, by set and pose.

    What is learned on the way (rectified frames, the closed form's scale) is kept in ``result``.
    """
    x_source, place = state.keypoints, own_place(reading)
    performed = {
        ("driving", "driver"): reading.x_driving,
        ("rectified", "driver"): reading.x_rectified,
    }
    if model.config.with_scale_transform:
        result.rectified = to_images(reading.rectified)
    for name in names:
        method = COMPARATORS.get(name)
        if method is None:
            continue
        which = method.keypoints, method.pose
        if steer := clip.others.get(method.keypoints):
            other = model.read(state, frames, steer=steer)
            performed[which] = other.x_rectified
            result.scales[name] = other.alignment.scale.cpu().numpy()
        elif method.keypoints == "relative":
            anchor = clip.anchor.expand_as(reading.x_driving)
            performed[which] = relative_motion(x_source, reading.x_driving, anchor)
        else:
            performed[which] = posed(method.pose, x_source, place, clip.neutral)
    return performed


def _one_scale(readings: Sequence[Reading]) -> tuple[float, float]:
    """The median scale of all frames read."""
    return clip_scale(pair for read in readings for pair in read.alignment.scale.tolist())


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
