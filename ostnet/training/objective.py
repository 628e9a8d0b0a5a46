"""One step's objective: augment a batch, run the network, sum the losses (paper section 3)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ostnet.landmarks import EYE_POINTS, MOUTH, keypoint_indices
from ostnet.model.ostnet import OSTNet, Steering
from ostnet.model.rescale import scale_image
from ostnet.model.scale import Alignment
from ostnet.training import augmentation as augment
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.pairs import Batch
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.rng import Generator, rand
from ostnet.training.scale_prior import draw_scale, scale_loss
from ostnet.training.warp import random_equivariance_map


@dataclass
class Pair:
    """B training pairs after augmentation."""

    source: Tensor
    """(B, 3, H, W) in [0, 1]."""
    target: Tensor
    """The driving frame at the source's scale: ground truth, (B, 3, H, W)."""
    driving: Tensor
    """What the network sees: the target at scale ``scale``, (B, 3, H, W)."""
    scale: Tensor
    """(B, 2); 1 on rows that bypass the transformation."""
    bypass: Tensor
    """(B,) bool: rows of the ordinary same-scale baseline."""
    source_points: Tensor
    """(B, P, 2), NaN where unknown."""
    target_points: Tensor
    """(B, P, 2), NaN where unknown."""
    reframed: Tensor
    """(B,) bool: rows whose source and target are windows at different places of a clip."""


def augmented_pair(
    batch: Batch, config: TrainConfig, generator: Generator, rescaled: bool = True
) -> Pair:
    """Flip, colour, framing and still warps alike on both frames; then the driving frame's scale.

    Stills and a share ``transform_dropout`` of the clips bypass the transformation and keep their
    scale: they are the same-scale baseline that the run-time toggle needs in distribution.
    ``rescaled``: False leaves the driving picture as it is, for those who need the scale alone.
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
    return Pair(
        batch.source,
        batch.driving,
        driving,
        scale,
        bypass,
        batch.source_landmarks,
        batch.driving_landmarks,
        reframed,
    )


def bypassing(model: OSTNet, bypass: Tensor) -> Steering:
    """Leaves the scale of the rows (B,) bool as it is; z and the measured scale stay."""

    def steer(alignment: Alignment, *_: Tensor) -> Alignment:
        fiducials = torch.where(bypass[:, None, None], model.scale.base, alignment.fiducials)
        return replace(alignment, fiducials=fiducials)

    return steer


class Objective:
    """The joint stage: weighted sum of the paper's losses and the recipe's extra terms."""

    def __init__(self, config: TrainConfig, perceptual: PerceptualLoss):
        self.config = config
        self.weights = config.losses
        self.perceptual = perceptual

    def __call__(
        self, model: OSTNet, pair: Pair, generator: Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Total loss (scalar) and its unweighted terms by name."""
        weights, config = self.weights, model.config
        source = model.encode(pair.source)
        reading = model.read(source, pair.driving, steer=bypassing(model, pair.bypass))
        x_driving, rectified, z = reading.x_driving, reading.rectified, reading.alignment.z
        count = len(pair.bypass)
        gate = (rand((count,), generator) >= self.config.embedding_dropout).float()
        image = model.render(source, reading.x_rectified, z, gate).image

        pictures = {"perceptual": image}
        if config.with_scale_transform and weights.rectified:
            pictures["rectified"] = rectified
        features = self.perceptual.target_features(pair.target)
        distances = self.perceptual.distances(list(pictures.values()), features)
        terms = dict(zip(pictures, distances, strict=True))
        if weights.pixel:
            terms["pixel"] = self._pixel(image, pair)
        if weights.equivariance:
            terms["equivariance"] = self._equivariance(model, pair.driving, x_driving, generator)
        if weights.distance:
            terms["distance"] = losses.keypoint_distance(x_driving, weights.distance_threshold)
        if weights.landmark:
            known = keypoint_indices(config.keypoints)
            points = augment.scale_points(pair.target_points[:, known], pair.scale)
            terms["landmark"] = losses.landmark_distance(
                source.keypoints, pair.source_points[:, known]
            ) + losses.landmark_distance(x_driving, points)
        if weights.fiducial and config.with_scale_transform:
            terms["fiducial"] = self._fiducial(model, source.keypoints, x_driving, pair, generator)
        total = sum(getattr(weights, name) * value for name, value in terms.items())
        return total, terms

    def _pixel(self, image: Tensor, pair: Pair) -> Tensor:
        if not self.weights.region:
            return losses.pixel_distance(image, pair.target)
        points = pair.target_points[:, [*MOUTH, *EYE_POINTS]]
        height, width = image.shape[-2:]
        region = losses.region_weights(points, height, width, self.weights.region)
        return losses.pixel_distance(image, pair.target, region)

    @staticmethod
    def _equivariance(model: OSTNet, image: Tensor, x: Tensor, generator: Generator) -> Tensor:
        mapping = random_equivariance_map(len(image), generator)
        moved = model.keypoints(mapping.warp_image(image))
        return (x - mapping.warp_points(moved)).abs().mean()

    def _fiducial(
        self, model: OSTNet, x_source: Tensor, x_driving: Tensor, pair: Pair, generator: Generator
    ) -> Tensor:
        """T_theta towards the known scale; the gradient stays in T_theta.

        On the detector's own points of this batch and, with scales drawn anew, on its landmarks.
        """
        known = model.align(x_source.detach(), x_driving.detach())
        ideal = augment.ideal_fiducials(model.scale.base, pair.scale)
        seen = losses.fiducial_distance(known.fiducials, ideal, (~pair.bypass).float())
        clips = ~pair.bypass[:, None, None]
        known_points = keypoint_indices(model.config.keypoints)
        points = torch.where(clips, pair.source_points[:, known_points], torch.nan)
        prior = scale_loss(
            model,
            points.repeat_interleave(4, dim=0),
            pair.target_points[:, known_points].repeat_interleave(4, dim=0),
            self.config,
            generator,
            shift=0.0,
        )
        return seen + prior
