"""Stage ``joint``: the paper's objective (section 3) and the recipe's extra terms."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.landmarks import keypoint_indices
from ostnet.model.frame import Alignment
from ostnet.model.ostnet import OSTNet, Reading, Source, Steering
from ostnet.model.scale import scale_image
from ostnet.training import augmentation as augment
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.losses import Loss
from ostnet.training.pairs import Batch
from ostnet.training.rng import Generator, rand
from ostnet.training.stages import Stage, draw_scale, scale_loss


@dataclass
class Pair:
    """B training pairs after augmentation."""

    source: Tensor  # (B, 3, H, W) in [0, 1]
    target: Tensor  # the driving frame at the source's scale: ground truth, (B, 3, H, W)
    driving: Tensor  # the network's input: the target, scaled by scale, (B, 3, H, W)
    scale: Tensor  # (B, 2); 1 on rows that bypass the transformation
    bypass: Tensor  # (B,) bool: rows of the ordinary same-scale baseline
    source_points: Tensor  # (B, P, 2), NaN where unknown
    target_points: Tensor  # (B, P, 2), NaN where unknown
    reframed: Tensor
    """(B,) bool: rows whose source and target are windows at different places of a clip."""


def augmented_pair(
    batch: Batch, config: TrainConfig, generator: Generator, rescaled: bool = True
) -> Pair:
    """Augment both frames alike, then rescale the driving frame.

    Stills and a share ``transform_dropout`` of the clips bypass the transformation and keep their
    scale: they train the same-scale baseline of the run-time toggle.
    ``rescaled=False`` leaves the driving picture as it is, where only the scale is needed.
    """
    batch = augment.warp_stills(batch, generator)
    batch = augment.flip(batch, generator)
    batch = augment.colour_jitter(batch, generator)
    reframed = torch.zeros_like(batch.is_still)
    if config.reframed_share:
        batch, reframed = augment.reframe(batch, generator, config.reframed_share)
    batch = augment.jitter_framing(batch, generator, config.framing_share, spared=reframed)
    count = len(batch.source)
    bypass = (rand((count,), generator) < config.transform_dropout) | batch.is_still
    scale = torch.where(bypass[:, None], 1.0, draw_scale(config, count, generator))
    driving = scale_image(batch.driving, scale) if rescaled else batch.driving
    points = batch.source_landmarks, batch.driving_landmarks
    return Pair(batch.source, batch.driving, driving, scale, bypass, *points, reframed)


def bypassing(model: OSTNet, bypass: Tensor) -> Steering:
    """Return a steering that leaves the scale of the rows (B,) bool; z and measured scale stay."""

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        fiducials = torch.where(bypass[:, None, None], model.scale.base, alignment.fiducials)
        return replace(alignment, fiducials=fiducials)

    return steer


@dataclass
class Prediction:
    """The network's results for B pairs."""

    pair: Pair
    source: Source
    reading: Reading
    image: Tensor  # (B, 3, H, W): the result


class JointStage(Stage):
    """All networks learn the weighted sum of the terms that the loss weights switch on."""

    name = "joint"
    is_main = True

    def split(self, progress: float) -> tuple[int, int]:
        """Return the batches and pairs of a step: twice the pairs at half resolution."""
        half = progress < self.config.half_resolution_share
        return self.config.accumulate, self.config.batch * (2 if half else 1)

    def batch(self, pairs: int, generator: Generator, progress: float) -> Batch:
        batch = super().batch(pairs, generator, progress)
        if progress < self.config.half_resolution_share:
            batch.source = F.avg_pool2d(batch.source, 2)
            batch.driving = F.avg_pool2d(batch.driving, 2)
        return batch

    def done(self, step: int, seconds: float) -> bool:
        share = self.config.detail_share
        return share > 0 and self.progress(step, seconds) >= 1 - share

    def forward(self, batch: Batch, generator: Generator, step: int) -> Prediction:
        pair, model = augmented_pair(batch, self.config, generator), self.model
        source = model.encode(pair.source)
        reading = model.read(source, pair.driving, steer=bypassing(model, pair.bypass))
        gate = (rand((len(pair.bypass),), generator) >= self.config.embedding_dropout).float()
        rendered = model.render(source, reading.x_rectified, reading.alignment.z, gate)
        return Prediction(pair, source, reading, rendered.image)

    def loss(self, prediction: Prediction, generator: Generator) -> Loss:
        weights, config = self.config.losses, self.model.config
        pair, image, x_source = prediction.pair, prediction.image, prediction.source.keypoints
        x_driving = prediction.reading.x_driving
        pictures = {"perceptual": image}
        rectified = prediction.reading.rectified
        if config.with_scale_transform and weights.rectified and rectified is not None:
            pictures["rectified"] = rectified
        distances = self.context.perceptual.distances(list(pictures.values()), pair.target)
        terms = dict(zip(pictures, distances, strict=True))
        if weights.pixel:
            region = None
            if weights.region:
                height, width = image.shape[-2:]
                region = losses.region_weights(pair.target_points, height, width, weights.region)
            terms["pixel"] = losses.pixel_distance(image, pair.target, region)
        if weights.equivariance:
            mapping = augment.random_equivariance_map(len(image), generator)
            moved = self.model.keypoints(mapping.warp_image(pair.driving))
            terms["equivariance"] = (x_driving - mapping.warp_points(moved)).abs().mean()
        if weights.distance:
            terms["distance"] = losses.keypoint_distance(x_driving, weights.distance_threshold)
        if weights.landmark:
            known = keypoint_indices(config.keypoints)
            points = augment.scale_points(pair.target_points[:, known], pair.scale)
            terms["landmark"] = losses.landmark_distance(
                x_source, pair.source_points[:, known]
            ) + losses.landmark_distance(x_driving, points)
        if weights.fiducial and config.with_scale_transform:
            terms["fiducial"] = self._fiducial(x_source, x_driving, pair, generator)
        return losses.weighted(terms, weights)

    def _fiducial(
        self, x_source: Tensor, x_driving: Tensor, pair: Pair, generator: Generator
    ) -> Tensor:
        """Return the L1 of T_theta's fiducials to the known scale; gradients for T_theta alone.

        On the detector's own points of this batch and, with new random scales, on its landmarks.
        """
        model = self.model
        found = model.align(x_source.detach(), x_driving.detach())
        ideal = augment.scale_points(model.scale.base, pair.scale)
        detected = losses.fiducial_distance(found.fiducials, ideal, (~pair.bypass).float())
        known, clips = keypoint_indices(model.config.keypoints), ~pair.bypass[:, None, None]
        source_points = torch.where(clips, pair.source_points[:, known], torch.nan)
        both = (source_points, pair.target_points[:, known])
        repeated = [points.repeat_interleave(4, dim=0) for points in both]
        return detected + scale_loss(model, *repeated, self.config, generator, shift=0.0)  # pyright: ignore[reportCallIssue]
