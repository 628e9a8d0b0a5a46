"""The detail stage: faces that speak and blink (beyond the paper).

The detector stays as it is; dense motion, generator and T_theta learn on. Most pixels of a talking
head say nothing of mouth and eyes, so each pair decodes a window of the picture, mostly there; the
flow is also held to the landmarks themselves, and T_theta, whose code now has to say how far mouth
and eyes are open, to points alone.
"""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from ostnet.landmarks import (
    EYE_POINTS,
    EYES,
    INNER_LIP_LOWER,
    INNER_LIP_UPPER,
    JAW,
    KEYPOINT_GAPS,
    MOUTH,
    NOSE_TIP,
    OUTER_EYES,
    POINTS,
)
from ostnet.model.generator import FULL, Window
from ostnet.model.ostnet import OSTNet, Rendered, Source
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.cross_identity import PAIRS_EACH, DetectedPoints, scale_code_loss
from ostnet.training.discriminator import Discriminator
from ostnet.training.objective import Pair, bypassing
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.rng import Generator, rand, randn, uniform
from ostnet.training.warp import SmoothWarp, random_equivariance_map

POINT_NOISE = 0.003
"""Standard deviation of the noise on the detector's points."""
SCALE_NOISE = 0.015
"""Standard deviation of ln s that rectification leaves: T_theta's own error."""
MOUTH_SHARE, EYES_SHARE = 0.4, 0.4
"""Shares of windows about the mouth and about the eyes; the others lie anywhere."""
LARGEST_TURN = 0.4
"""Difference of ``turned`` from which on the landmark flow counts nothing."""
VIEW_SCALES = (0.8, 1.3)
"""How large the face appears, along each axis, in the views the result is read in."""
JITTER = 3
"""How far a window lies beside its landmarks at most, in pixels of the 1/8 tap."""


def landmark_weights() -> Tensor:
    """(70,) weights of the flow at each landmark.

    Lids and inner lips, which move by few pixels, count four times, other points of eyes and mouth
    twice, the jaw a third.
    """
    weights = torch.ones(POINTS)
    weights[[*MOUTH, *EYE_POINTS, 68, 69]] = 2.0
    lids = [eye[place] for eye in EYES for place in (1, 2, 4, 5)]
    weights[[*lids, *INNER_LIP_UPPER, *INNER_LIP_LOWER]] = 4.0
    weights[list(JAW)] = 0.3  # the visible outline, not a place on the skin
    return weights


def turned(points: Tensor) -> Tensor:
    """How far heads are turned, by landmarks (B, 70, 2): (B,), about sin(yaw), NaN where unknown.

    The nose's tip against the middle of the eyes, in eye distances.
    """
    left, right = points[:, OUTER_EYES[0]], points[:, OUTER_EYES[1]]
    return (points[:, NOSE_TIP] - (left + right) / 2)[:, 0] / (right - left)[:, 0]


def flow_weights(source: Tensor, target: Tensor) -> Tensor:
    """(B, 70) weights of the landmark flow; the less, the more the head turns between the two.

    Landmarks of a cheek that has turned away lie on the outline: a flow that joined them to the
    same cheek seen from the front would tear it.
    """
    apart = torch.nan_to_num((turned(source) - turned(target)).abs(), nan=0.0)
    return _weights_on(source.device) * (1 - apart / LARGEST_TURN).clamp(min=0)[:, None]


@functools.cache
def _weights_on(device: torch.device) -> Tensor:
    """``landmark_weights``, kept, as copying to a GPU waits for it."""
    return landmark_weights().to(device)


def draw_window(points: Tensor, height: int, side: int, generator: Generator) -> Window:
    """A window of ``side`` (in 1/8 pixels) for each row of square pictures ``height`` pixels high.

    ``points``: target landmarks (B, 70, 2), NaN where unknown.
    """
    count = len(points)
    room = height // FULL - side
    u = rand((count, 1), generator)
    mouth, eyes = points[:, list(MOUTH)].mean(dim=1), points[:, list(EYE_POINTS)].mean(dim=1)
    centre = torch.where(u < MOUTH_SHARE, mouth, eyes)
    about = (centre + 1) / 2 * (height / FULL) - side / 2
    about = about + uniform((count, 2), -JITTER, JITTER, generator)
    anywhere = uniform((count, 2), 0, room + 1, generator)
    chosen = (u < MOUTH_SHARE + EYES_SHARE) & torch.isfinite(about)
    corner = torch.where(chosen, torch.nan_to_num(about), anywhere).floor().long()
    return Window(corner.clamp(0, room), side)


def _judged(rendered: Rendered) -> Tensor:
    """The results (B, 3, H, W), in every third row what was painted.

    So the generator learns to paint also where the warped source is taken instead.
    """
    if rendered.mix is None:
        return rendered.image
    third = torch.arange(len(rendered.image), device=rendered.image.device) % 3 == 0
    return torch.where(third[:, None, None, None], rendered.painted, rendered.image)


@dataclass
class Seen:
    """What a training pair is read as."""

    source: Source
    z: Tensor
    """(B, code)."""
    x_rectified: Tensor
    """(B, K, 2)."""


def performed_distance(
    model: OSTNet, image: Tensor, target: Tensor, window: Window | None, generator: Generator
) -> Tensor:
    """How far the result's keypoints, read by the detector, are from the target's.

    L1 of the gaps of lids and lips, plus a third of that of all keypoints. A mean over pixels is
    smallest for lips opened half way; this is smallest where they are opened as far as the
    driver's. Both are read in the same random view, another one each time, half of them mirrored:
    patterns that mean an open mouth to the detector at one place alone earn nothing. The detector,
    which is frozen in this stage, learns nothing from it.

    Args:
        model: whose detector reads.
        image: result (B, 3, H, W), or its window, which is then seen in its place in the target.
        target: (B, 3, H, W).
        window: where the result lies; None: everywhere.
        generator: draws the views.
    """
    picture = image if window is None else window.paste(target, image, FULL)
    view = random_equivariance_map(len(target), generator, *VIEW_SCALES)
    side = torch.where(rand((len(target), 1, 1), generator) < 0.5, -1.0, 1.0)
    view = SmoothWarp(view.matrix * torch.cat([side, torch.ones_like(side)], dim=-1), view.shift)
    found = model.keypoints(view.warp_image(picture))
    with torch.no_grad():
        expected = model.keypoints(view.warp_image(target))
    known = [gap for gap in KEYPOINT_GAPS if max(gap) < found.shape[1]]
    gaps = losses.gap_distance(found, expected, known) if known else 0.0
    return gaps + (found - expected).abs().mean() / 3


class DetailObjective:
    """Weighted sum of the detail stage's terms; the fields of LossWeights name them."""

    def __init__(
        self,
        config: TrainConfig,
        perceptual: PerceptualLoss,
        points: DetectedPoints,
        discriminator: Discriminator | None = None,
    ):
        self.config = config
        self.weights = config.losses
        self.perceptual = perceptual
        self.points = points
        self.discriminator = discriminator

    def __call__(
        self, model: OSTNet, pair: Pair, generator: Generator, whole: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Total loss (scalar) and its unweighted terms by name.

        ``whole``: decode the whole picture, and read the driving frame as inference does.
        """
        weights, terms = self.weights, {}
        seen = read_whole(model, pair) if whole else read_points(model, pair, generator)
        motion = model.move(seen.source, seen.x_rectified)
        if weights.flow:
            side = 2 * model.config.motion_resolution
            terms["flow"] = losses.flow_distance(
                motion.flow_at(side, side),
                pair.source_points,
                pair.target_points,
                flow_weights(pair.source_points, pair.target_points),
            )
        height = pair.target.shape[-2]
        window = None
        if not whole:
            window = draw_window(pair.target_points, height, self.config.window // FULL, generator)
        gate = (rand((len(seen.z),), generator) >= self.config.embedding_dropout).float()
        rendered = model.paint(seen.source, motion, seen.z, gate, window=window)
        target, lively = pair.target, pair.target_points[:, [*MOUTH, *EYE_POINTS]]
        region = losses.region_weights(lively, height, height, weights.region)
        if window is not None:
            target, region = window.cut(target, FULL), window.cut(region, FULL)
        terms["pixel"] = losses.pixel_distance(rendered.image, target, region)
        if rendered.mix is not None:
            terms["painted"] = losses.pixel_distance(rendered.painted, target, region)
            terms["warped"] = losses.pixel_distance(rendered.warped, target, region)
        judged = _judged(rendered)
        terms["perceptual"] = self.perceptual(judged, target)
        if whole and weights.closeup:
            near = draw_window(pair.target_points, height, self.config.window // FULL, generator)
            judged, target = near.view(judged), near.view(target)
            terms["closeup"] = self.perceptual(judged, target)
        if self.discriminator:
            self.discriminator.learn(judged, target)
            terms["adversarial"], terms["matching"] = self.discriminator.judge(judged, target)
        if weights.performed:
            terms["performed"] = performed_distance(
                model, rendered.image, pair.target, window, generator
            )
        if weights.people:
            terms["people"] = scale_code_loss(
                model, self.points, PAIRS_EACH * len(pair.scale), generator
            )
        total = sum(getattr(weights, name) * value for name, value in terms.items())
        return total, terms


def read_points(model: OSTNet, pair: Pair, generator: Generator) -> Seen:
    """As if the driving frame were read: its points are the target's, scaled and noisy."""
    with torch.no_grad():
        x_source, x_target = model.keypoints(torch.cat([pair.source, pair.target])).chunk(2)
    scaled = x_target * pair.scale[:, None] + POINT_NOISE * randn(x_target.shape, generator)
    left = (SCALE_NOISE * randn(pair.scale.shape, generator)).exp()
    left = torch.where(pair.bypass[:, None], 1.0, left)[:, None]
    x_rectified = x_target * left + POINT_NOISE * randn(x_target.shape, generator)
    source = model.encoded(pair.source, x_source)
    return Seen(source, model.align(x_source, scaled).z, x_rectified)


def read_whole(model: OSTNet, pair: Pair) -> Seen:
    """As inference does it; gradients reach T_theta through its code alone."""
    source = model.encode(pair.source)
    source.keypoints = source.keypoints.detach()
    with torch.no_grad():
        reading = model.read(source, pair.driving, steer=bypassing(model, pair.bypass))
    z = model.align(source.keypoints, reading.x_driving).z
    return Seen(source, z, reading.x_rectified)
