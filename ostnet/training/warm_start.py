"""The warm start's first stage: the detector on landmarks (beyond the paper).

Short, and before the paper's joint objective; the recipe's name is recorded with the weights.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from ostnet.landmarks import KEYPOINT_GAPS, keypoint_indices
from ostnet.model.layers import Resize
from ostnet.model.ostnet import OSTNet
from ostnet.model.rescale import scale_image
from ostnet.training import augmentation as augment
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.pairs import Batch
from ostnet.training.rng import Generator
from ostnet.training.scale_prior import draw_scale


def can_warm_start(config: TrainConfig, say: Callable[[str], None]) -> bool:
    """False, and a notice, where the recipe has a warm start and the data folder no landmarks."""
    if not config.keypoint_steps + config.scale_steps:
        return True
    if (Path(config.data) / "landmarks.npz").is_file():
        return True
    say(
        f"data folder {config.data}: no landmarks.npz, so the warm start is left out and landmark "
        "terms are 0; --loss-distance 10 keeps keypoints apart without them"
    )
    return False


def detector_view(model: OSTNet) -> Resize:
    """Pictures at the size that the detector sees them: changing those costs less."""
    return Resize(model.config.motion_resolution * model.config.detector_unshuffle)


def keypoint_loss(model: OSTNet, batch: Batch, config: TrainConfig, generator: Generator) -> Tensor:
    """L1 of F_kp to the landmarks, on both pictures of each pair under random scale and framing."""
    shrink = detector_view(model)
    batch = replace(batch, source=shrink(batch.source), driving=shrink(batch.driving))
    batch = augment.colour_jitter(augment.flip(batch, generator), generator)
    batch = augment.jitter_framing(batch, generator, shift=0.15)
    scale = draw_scale(config, len(batch.driving), generator)
    x_source = model.keypoints(batch.source)
    x_driving = model.keypoints(scale_image(batch.driving, scale))
    known = keypoint_indices(model.config.keypoints)
    sets = (
        (x_source, batch.source_landmarks[:, known]),
        (x_driving, augment.scale_points(batch.driving_landmarks[:, known], scale)),
    )
    loss = sum(losses.landmark_distance(x, points) for x, points in sets)
    if config.losses.gaps:
        gaps = [(a, b) for a, b in KEYPOINT_GAPS if max(a, b) < model.config.keypoints]
        loss = loss + config.losses.gaps * sum(losses.gap_distance(*one, gaps) for one in sets)
    return loss
