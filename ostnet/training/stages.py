"""The stages of a run: the data of each, its objective and its end.

A run goes through ``keypoints`` and ``scale`` (the warm start), ``joint`` (the paper's objective)
and ``detail``. Configuration decides which of them have steps.
"""

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ostnet.errors import InputError
from ostnet.landmarks import KEYPOINT_GAPS, keypoint_indices
from ostnet.model.ostnet import OSTNet
from ostnet.model.scale import scale_image
from ostnet.training import augmentation as augment
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.cross_identity import (
    DetectedPoints,
    detect_points,
    detector_input,
    scale_code_loss,
)
from ostnet.training.discriminator import Discriminator
from ostnet.training.frame_store import FrameStore
from ostnet.training.losses import Loss
from ostnet.training.optimisation import run_progress
from ostnet.training.pairs import Batch
from ostnet.training.parallel import Processes
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.rng import Generator, rand, randn, uniform
from ostnet.training.shard_stream import ShardStream

logger = logging.getLogger(__name__)

SCALE_BATCH = 128  # pairs of a step of stage scale, over all processes
POINT_NOISE = 0.015
"""Standard deviation of the noise on the landmarks that T_theta learns from: the detector's
error."""
SHIFT = 0.05
"""Largest shift of the driving points in stage ``scale``. The joint stage has none: a shift of the
picture cannot be distinguished from one of the head, which must stay."""


@dataclass
class Context:
    """The objects that the stages of a run share."""

    config: TrainConfig
    model: OSTNet
    store: FrameStore | ShardStream
    perceptual: PerceptualLoss
    processes: Processes
    discriminator: Discriminator | None = None

    def detected_points(self) -> DetectedPoints:
        """Freeze the detector; return its points, kept in the output folder for a resumed run."""
        self.model.detector.requires_grad_(False)
        path = Path(self.config.output) / "state" / "points.pt"

        def make() -> DetectedPoints:
            if not path.is_file():
                if not isinstance(self.store, FrameStore):
                    raise InputError(
                        "stream: --loss-people needs all frames in memory; leave out --stream"
                    )
                logger.info("T_theta learns from the detector's points: detecting them")
                training, seed = self.model.training, torch.Generator().manual_seed(0)
                points = detect_points(self.model.eval(), self.store, seed)
                self.model.train(training)
                path.parent.mkdir(parents=True, exist_ok=True)
                torch.save(vars(points), path)
            known = torch.load(path, weights_only=True, map_location=self.processes.device)
            return DetectedPoints(**known)

        return self.processes.first_here_first(make)


class Stage(ABC):
    """One stage of a run."""

    name: str
    is_main = False
    """Whether the moving average follows the weights, and ``--steps`` counts this stage's steps."""
    trains_batch_norm = True
    """Whether batch norm uses and updates the statistics of each batch."""

    def __init__(self, context: Context):
        self.context, self.config, self.model = context, context.config, context.model

    def setup(self) -> None:  # noqa: B027
        """Prepare the stage and freeze networks that do not learn; called at start or resume."""

    @abstractmethod
    def split(self, progress: float) -> tuple[int, int]:
        """Return the batches of one step in each process, and the pairs of each batch."""

    def batch(self, pairs: int, generator: Generator, progress: float) -> Any:
        """Draw a batch; the generator is on the CPU."""
        return self.context.store.sample(pairs, generator)

    @abstractmethod
    def forward(self, batch: Any, generator: Generator, step: int) -> Any:
        """Augment a batch and run the networks; return what ``loss`` needs."""

    def judged(self, prediction: Any) -> tuple[Tensor, Tensor] | None:
        """Return results and targets (B, 3, H, W) for the discriminator; None: it is not used."""
        return None

    @abstractmethod
    def loss(self, prediction: Any, generator: Generator) -> Loss:
        """Return the total loss (scalar) of a prediction and its unweighted terms by name."""

    def progress(self, step: int, seconds: float) -> float:
        """Return the share of the run, in [0, 1], that is done after ``step`` steps."""
        return run_progress(step, self.config.steps, seconds, self.config.minutes)

    def decay_progress(self, step: int, seconds: float) -> float:
        """Return the progress that the learning-rate schedule follows."""
        return self.progress(step, seconds)

    def done(self, step: int, seconds: float) -> bool:
        """Return whether the next stage begins."""
        return False


def has_warm_start(config: TrainConfig) -> bool:
    """Return whether the run begins with the warm start; log if landmarks are missing for it."""
    if config.init is not None and not config.grow:
        return False
    if not config.keypoint_steps + config.scale_steps:
        return True
    if (Path(config.data) / "landmarks.npz").is_file():
        return True
    logger.warning(
        f"data folder {config.data}: no landmarks.npz, so the warm start is skipped and landmark "
        "losses are 0; give --loss-distance 10 to keep keypoints apart without them"
    )
    return False


class WarmStartStage(Stage):
    """A stage with a fixed number of steps, whose batches are divided up among the processes."""

    steps: int
    whole_batch: int

    def split(self, progress: float) -> tuple[int, int]:
        return 1, max(1, self.whole_batch // self.context.processes.count)

    def decay_progress(self, step: int, seconds: float) -> float:
        return step / max(self.steps, 1) if self.config.grow else 0.0

    def done(self, step: int, seconds: float) -> bool:
        return step >= self.steps


class KeypointStage(WarmStartStage):
    """The detector learns landmarks, on both pictures of each pair at random scale and framing."""

    name = "keypoints"

    def __init__(self, context: Context):
        super().__init__(context)
        self.steps, self.whole_batch = context.config.keypoint_steps, context.config.keypoint_batch

    def forward(self, batch: Batch, generator: Generator, step: int) -> list[tuple[Tensor, Tensor]]:
        """Return keypoints and their landmarks (B, K, 2) of source and driving pictures."""
        shrink = detector_input(self.model)
        batch = replace(batch, source=shrink(batch.source), driving=shrink(batch.driving))
        batch = augment.colour_jitter(augment.flip(batch, generator), generator)
        batch = augment.jitter_framing(batch, generator, shift=0.15)
        scale = draw_scale(self.config, len(batch.driving), generator)
        known = keypoint_indices(self.model.config.keypoints)
        x_source = self.model.keypoints(batch.source)
        x_driving = self.model.keypoints(scale_image(batch.driving, scale))
        moved = augment.scale_points(batch.driving_landmarks[:, known], scale)
        return [(x_source, batch.source_landmarks[:, known]), (x_driving, moved)]

    def loss(self, prediction: list[tuple[Tensor, Tensor]], generator: Generator) -> Loss:
        total = sum(losses.landmark_distance(*one) for one in prediction)
        if weight := self.config.losses.gaps:
            gaps = [pair for pair in KEYPOINT_GAPS if max(pair) < self.model.config.keypoints]
            total = total + weight * sum(losses.gap_distance(*one, gaps) for one in prediction)
        return total, {}  # pyright: ignore[reportReturnType]


class ScaleStage(WarmStartStage):
    """T_theta learns scale from points alone, without pictures.

    From landmarks of one clip or, with ``losses.people``, from the detector's points, within and
    across identities.
    """

    name = "scale"
    whole_batch = SCALE_BATCH

    def __init__(self, context: Context):
        super().__init__(context)
        self.steps = context.config.scale_steps
        self.points: DetectedPoints | None = None

    def setup(self) -> None:
        if self.config.losses.people:
            self.points = self.context.detected_points()

    def batch(self, pairs: int, generator: Generator, progress: float) -> tuple[Tensor, Tensor]:
        return self.context.store.sample_landmarks(pairs, generator)

    def forward(self, batch: tuple[Tensor, Tensor], generator: Generator, step: int) -> Tensor:
        """Return the loss: with points alone, it is computed in one go."""
        if self.points is not None:
            return scale_code_loss(self.model, self.points, len(batch[0]), generator)
        known = keypoint_indices(self.model.config.keypoints)
        source, driving = (points[:, known] for points in batch)
        return scale_loss(self.model, source, driving, self.config, generator)

    def loss(self, prediction: Tensor, generator: Generator) -> Loss:
        return prediction, {}


def draw_scale(config: TrainConfig, batch: int, generator: Generator) -> Tensor:
    """Return scales (B, 2): the paper's independent U(low, high), or a wide common scale."""
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
    """Return the L1 of T_theta's fiducials to the known ones, from landmarks (B, K, 2) of one clip.

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
    ideal = augment.scale_points(model.scale.base, scale, offset)
    return losses.fiducial_distance(found, ideal, known.float())
