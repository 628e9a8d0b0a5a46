"""Stage ``detail``: faces that speak and blink (beyond the paper).

The detector is frozen; dense motion, generator and T_theta continue to learn. Most pixels of a
talking head show neither mouth nor eyes, so each pair decodes a window of the picture, mostly
there. The flow is also compared with the landmarks, and T_theta, whose code now has to encode how
far mouth and eyes are open, learns from points.
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
from ostnet.training.augmentation import SmoothWarp, random_equivariance_map
from ostnet.training.cross_identity import PAIRS_EACH, DetectedPoints, scale_code_loss
from ostnet.training.joint import Pair, augmented_pair, bypassing
from ostnet.training.losses import Loss
from ostnet.training.optimisation import run_progress
from ostnet.training.pairs import Batch
from ostnet.training.rng import Generator, rand, randn, uniform
from ostnet.training.stages import Context, Stage

POINT_NOISE = 0.003  # standard deviation of the noise on the detector's points
SCALE_NOISE = 0.015  # standard deviation of ln s that rectification leaves: T_theta's own error
MOUTH_SHARE, EYES_SHARE = 0.4, 0.4
"""Shares of windows around the mouth and around the eyes; the others lie anywhere."""
LARGEST_TURN = 0.4  # difference of head_turn at which the weight of the landmark flow reaches 0
VIEW_SCALES = (0.8, 1.3)
"""Range of scales, along each axis, of the views in which the detector reads the result."""
JITTER = 3  # largest distance of a window from its landmarks, in pixels of the 1/8 feature map


@dataclass
class MotionInput:
    """The inputs of the generator's motion and embedding."""

    source: Source
    z: Tensor  # (B, code)
    x_rectified: Tensor  # (B, K, 2)


@dataclass
class Prediction:
    """The network's results for B pairs."""

    pair: Pair
    target: Tensor  # the decoded part of the target pictures
    rendered: Rendered
    flow: Tensor  # (B, h, w, 2) at twice the motion resolution
    window: Window | None
    """The part of the picture that was decoded; None: all of it."""
    closeup: Window | None  # the part that the discriminator sees, if the whole picture was decoded

    def compared(self) -> Tensor:
        """Return the results; in every third row, before the warped source is mixed in.

        So the generator also learns where the warped source replaces its picture.
        """
        rendered = self.rendered
        if rendered.mix is None:
            return rendered.image
        third = torch.arange(len(rendered.image), device=rendered.image.device) % 3 == 0
        return torch.where(third[:, None, None, None], rendered.painted, rendered.image)


class DetailStage(Stage):
    """Dense motion, generator and T_theta learn mouths and eyes; the detector is frozen."""

    name = "detail"
    is_main = True
    trains_batch_norm = False  # the batches are small

    def __init__(self, context: Context):
        super().__init__(context)
        self.points: DetectedPoints | None = None

    def setup(self) -> None:
        self.model.detector.requires_grad_(False)
        if self.config.losses.people:
            self.points = self.context.detected_points()

    def split(self, progress: float) -> tuple[int, int]:
        return 1, self.config.detail_batch

    def progress(self, step: int, seconds: float) -> float:
        steps = self.config.steps
        done = step if steps is None else step + round(steps * (1 - self.config.detail_share))
        return run_progress(done, steps, seconds, self.config.minutes)

    def is_whole(self, step: int) -> bool:
        """Return whether a step decodes whole pictures and reads the driving frame as inference."""
        return step % self.config.whole_every == 0

    def draw_window(self, pair: Pair, generator: Generator) -> Window:
        """Draw the windows of the pictures that are decoded, or that the discriminator sees."""
        side = self.config.window // FULL
        return draw_window(pair.target_points, pair.target.shape[-2], side, generator)

    def gate(self, count: int, generator: Generator) -> Tensor:
        """Return (B,) of 0 and 1: the rows that use the scale embedding."""
        return (rand((count,), generator) >= self.config.embedding_dropout).float()

    def forward(self, batch: Batch, generator: Generator, step: int) -> Prediction:
        model, whole = self.model, self.is_whole(step)
        pair = augmented_pair(batch, self.config, generator, rescaled=whole)
        read = read_whole(model, pair) if whole else read_points(model, pair, generator)
        motion = model.move(read.source, read.x_rectified)
        side = 2 * model.config.motion_resolution
        flow = motion.flow_at(side, side)
        window = None if whole else self.draw_window(pair, generator)
        gate = self.gate(len(read.z), generator)
        rendered = model.paint(read.source, motion, read.z, gate, window=window)
        near = whole and self.config.losses.closeup
        closeup = self.draw_window(pair, generator) if near else None
        target = pair.target if window is None else window.cut(pair.target, FULL)
        return Prediction(pair, target, rendered, flow, window, closeup)

    def judged(self, prediction: Prediction) -> tuple[Tensor, Tensor]:
        result, target = prediction.compared(), prediction.target
        near = prediction.closeup
        return (result, target) if near is None else (near.view(result), near.view(target))

    def loss(self, prediction: Prediction, generator: Generator) -> Loss:
        weights, pair, rendered = self.config.losses, prediction.pair, prediction.rendered
        terms: dict[str, Tensor] = {}
        if weights.flow:
            points = pair.source_points, pair.target_points
            terms["flow"] = losses.flow_distance(prediction.flow, *points, flow_weights(*points))
        target, height = prediction.target, pair.target.shape[-2]
        region = losses.region_weights(pair.target_points, height, height, weights.region)
        if prediction.window is not None:
            region = prediction.window.cut(region, FULL)
        terms["pixel"] = losses.pixel_distance(rendered.image, target, region)
        if rendered.mix is not None and rendered.warped is not None:
            terms["painted"] = losses.pixel_distance(rendered.painted, target, region)
            terms["warped"] = losses.pixel_distance(rendered.warped, target, region)
        result = prediction.compared()
        terms["perceptual"] = self.context.perceptual(result, target)
        if prediction.closeup is not None:
            result, target = prediction.closeup.view(result), prediction.closeup.view(target)
            terms["closeup"] = self.context.perceptual(result, target)
        if self.context.discriminator:
            terms |= self.context.discriminator.generator_terms(result, target)
        if weights.performed:
            terms["performed"] = performed_distance(
                self.model, rendered.image, pair.target, prediction.window, generator
            )
        if self.points is not None:
            count = PAIRS_EACH * len(pair.scale)
            terms["people"] = scale_code_loss(self.model, self.points, count, generator)
        return losses.weighted(terms, weights)


def read_points(model: OSTNet, pair: Pair, generator: Generator) -> MotionInput:
    """Return an imitation of the driving frame's reading: the target's points, scaled and noisy."""
    with torch.no_grad():
        x_source, x_target = model.keypoints(torch.cat([pair.source, pair.target])).chunk(2)
    scaled = x_target * pair.scale[:, None] + POINT_NOISE * randn(x_target.shape, generator)
    left = (SCALE_NOISE * randn(pair.scale.shape, generator)).exp()
    left = torch.where(pair.bypass[:, None], 1.0, left)[:, None]
    x_rectified = x_target * left + POINT_NOISE * randn(x_target.shape, generator)
    source = model.encoded(pair.source, x_source)
    return MotionInput(source, model.align(x_source, scaled).z, x_rectified)


def read_whole(model: OSTNet, pair: Pair) -> MotionInput:
    """Read the driving frame as inference does; gradients reach T_theta through its code alone."""
    source = model.encode(pair.source)
    source.keypoints = source.keypoints.detach()
    with torch.no_grad():
        reading = model.read(source, pair.driving, steer=bypassing(model, pair.bypass))
    z = model.align(source.keypoints, reading.x_driving).z
    return MotionInput(source, z, reading.x_rectified)


def draw_window(points: Tensor, height: int, side: int, generator: Generator) -> Window:
    """Draw a window of ``side`` (in 1/8 pixels) for each square picture ``height`` pixels high.

    ``points``: target landmarks (B, 70, 2), NaN where unknown.
    """
    count = len(points)
    room = height // FULL - side
    u = rand((count, 1), generator)
    mouth, eyes = points[:, list(MOUTH)].mean(dim=1), points[:, list(EYE_POINTS)].mean(dim=1)
    centre = torch.where(u < MOUTH_SHARE, mouth, eyes)
    corner = (centre + 1) / 2 * (height / FULL) - side / 2
    corner = corner + uniform((count, 2), -JITTER, JITTER, generator)
    anywhere = uniform((count, 2), 0, room + 1, generator)
    chosen = (u < MOUTH_SHARE + EYES_SHARE) & torch.isfinite(corner)
    corner = torch.where(chosen, torch.nan_to_num(corner), anywhere).floor().long()
    return Window(corner.clamp(0, room), side)


def landmark_weights() -> Tensor:
    """Return (70,) weights of the flow at each landmark.

    Lids and inner lips, which move by few pixels, count four times, other points of eyes and mouth
    twice, the jaw a third.
    """
    weights = torch.ones(POINTS)
    weights[[*MOUTH, *EYE_POINTS, 68, 69]] = 2.0
    lids = [eye[place] for eye in EYES for place in (1, 2, 4, 5)]
    weights[[*lids, *INNER_LIP_UPPER, *INNER_LIP_LOWER]] = 4.0
    weights[list(JAW)] = 0.3  # the visible outline, not a place on the skin
    return weights


def head_turn(points: Tensor) -> Tensor:
    """Return about sin(yaw) of landmarks (B, 70, 2): (B,), NaN where unknown.

    The distance of the nose's tip from the middle of the eyes, in eye distances.
    """
    left, right = points[:, OUTER_EYES[0]], points[:, OUTER_EYES[1]]
    return (points[:, NOSE_TIP] - (left + right) / 2)[:, 0] / (right - left)[:, 0]


def flow_weights(source: Tensor, target: Tensor) -> Tensor:
    """Return (B, 70) weights of the landmark flow, smaller the more the head turns between the two.

    Landmarks of a cheek that has turned away lie on the outline: a flow from them to the same cheek
    seen from the front would distort it.
    """
    apart = torch.nan_to_num((head_turn(source) - head_turn(target)).abs(), nan=0.0)
    return _weights_on(source.device) * (1 - apart / LARGEST_TURN).clamp(min=0)[:, None]


@functools.cache
def _weights_on(device: torch.device) -> Tensor:
    """Return ``landmark_weights``; cached, as a copy to a GPU blocks."""
    return landmark_weights().to(device)


def performed_distance(
    model: OSTNet, image: Tensor, target: Tensor, window: Window | None, generator: Generator
) -> Tensor:
    """Return how far the keypoints detected in the result are from the target's.

    L1 of the gaps of lids and lips, plus a third of that of all keypoints. A mean over pixels is
    smallest for half-open lips; this is smallest if they are opened as far as the driver's. Both
    are detected in the same random view, new in each step, half of them mirrored, so that patterns
    that deceive the detector at one place alone do not lower it. The detector must be
    frozen.

    ``image``: result (B, 3, H, W), or its ``window``, which is pasted into the target.
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
