"""T_theta on keypoints alone, no picture: its warm start (beyond the paper).

Two landmark sets of one clip; the driving set is moved as the augmentation would move it, so the
ideal fiducial points are known.
"""

import torch
from torch import Tensor

from ostnet.model.ostnet import OSTNet
from ostnet.training import augmentation as augment
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.rng import Generator, rand, randn, uniform

SCALE_BATCH = 128
POINT_NOISE = 0.015
"""Standard deviation of the noise on the points that T_theta learns from: the detector's error."""
SHIFT = 0.05
"""Largest shift of the driving points in T_theta's stage; the joint stage has none, because a shift
of the picture cannot be told from one of the head, which must stay."""


def draw_scale(config: TrainConfig, batch: int, generator: Generator) -> Tensor:
    """Scales (B, 2): the paper's independent U(low, high), or a wide common scale per row."""
    low, high = config.scale_low, config.scale_high
    scale = augment.draw_scales(batch, low, high, generator)
    if config.wide_share == 0:
        return scale
    wide = augment.draw_scales(
        batch, config.wide_low, config.wide_high, generator, log_uniform=True
    )
    ratio = (wide[:, 1:] / wide[:, :1]).log().mul(0.15).exp()  # axes differ by about 15 % at most
    wide = torch.cat([wide[:, :1], wide[:, :1] * ratio], dim=1)
    rows = rand((batch,), generator) < config.wide_share
    return torch.where(rows[:, None], wide, scale)


def scale_loss(
    model: OSTNet,
    source_points: Tensor,
    driving_points: Tensor,
    config: TrainConfig,
    generator: Generator,
    shift: float = SHIFT,
) -> Tensor:
    """L1 of T_theta's fiducials to the known ones, from landmark sets (B, K, 2) of one clip.

    The driving set is moved as the augmentation would move it; rows with unknown points are left
    out.
    """
    count = len(source_points)
    known = torch.isfinite(source_points).all(-1).all(-1)
    known = known & torch.isfinite(driving_points).all(-1).all(-1)
    scale = draw_scale(config, count, generator)
    offset = uniform((count, 2), -shift, shift, generator)

    def noisy(points: Tensor) -> Tensor:
        return torch.nan_to_num(points) + POINT_NOISE * randn(tuple(points.shape), generator)

    moved = augment.scale_points(driving_points, scale, offset)
    found = model.align(noisy(source_points), noisy(moved)).fiducials
    ideal = augment.ideal_fiducials(model.scale.base, scale, offset)
    return losses.fiducial_distance(found, ideal, known.float())
