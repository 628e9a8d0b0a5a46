"""The warm start's first stage: the detector on landmarks (beyond the paper).

Short, and before the paper's joint objective; the recipe's name is recorded with the weights.
"""

import torch
from torch import Tensor

from ostnet.model.ostnet import OSTNet
from ostnet.training import augmentation as augment
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.data import Batch
from ostnet.training.landmarks import KEYPOINT_ROWS
from ostnet.training.scale_prior import draw_scale

KEYPOINT_BATCH = 32


def keypoint_loss(
    model: OSTNet, batch: Batch, config: TrainConfig, generator: torch.Generator
) -> Tensor:
    """L1 of F_kp to the landmarks, on both pictures of each pair under random scale and framing."""
    batch = augment.colour_jitter(augment.flip(batch, generator), generator)
    batch = augment.jitter_framing(batch, generator, shift=0.15)
    scale = draw_scale(config, len(batch.driving), generator)
    x_source = model.keypoints(batch.source)
    x_driving = model.keypoints(augment.scale_image(batch.driving, scale))
    points = augment.scale_points(batch.driving_landmarks[:, KEYPOINT_ROWS], scale)
    return losses.landmark_distance(
        x_source, batch.source_landmarks[:, KEYPOINT_ROWS]
    ) + losses.landmark_distance(x_driving, points)
