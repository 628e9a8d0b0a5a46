"""Distillation: a changed network learns to generate the same as before (beyond the paper).

It keeps its teacher's keypoints and scale. Its decoder learns, a narrower encoder too, and with
``losses.motion`` its dense motion. Where the motion points into the source, it is compared with the
teacher's picture; outside, with ``losses.uncovered``, with the target.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ostnet.errors import InputError
from ostnet.model.generator import FULL, SOFT_EDGE, Window
from ostnet.model.layers import resize
from ostnet.model.motion import Motion, inside
from ostnet.model.ostnet import Rendered
from ostnet.training import losses
from ostnet.training.checkpoint import checkpoint_network
from ostnet.training.detail import (
    DetailStage,
    performed_distance,
    read_points,
    read_whole,
)
from ostnet.training.joint import Pair, augmented_pair
from ostnet.training.losses import Loss
from ostnet.training.pairs import Batch
from ostnet.training.rng import Generator

DECODER = ("residual", "up", "merge", "head", "embed_taps", "embed_levels", "encoder.project")
"""Parts of the generator that learn; all do if it is narrower than the teacher's."""

MEASURED_BATCHES = 12
"""Batches on which a narrowed generator's batch norms are measured."""

JUDGED_EVERY = 3
"""With ``losses.uncovered``, one row of a batch in this many has a perceptual distance: on a CPU it
takes half as long as everything else."""


@dataclass
class Prediction:
    """The results of network and teacher for B pairs."""

    pair: Pair
    rendered: Rendered
    taught: Rendered  # the teacher's
    region: Tensor  # weights of the decoded pixels (B, 1, H, W)
    near: Tensor  # weights of the whole picture's pixels (B, 1, H, W)
    window: Window | None  # the part of the picture that was decoded; None: all of it


class DistilStage(DetailStage):
    """The network learns the picture and mix of ``teacher``, or of ``init`` before it was pruned.

    With ``losses.uncovered``, every step decodes the whole picture; see ``uncovered_terms``.
    """

    def setup(self) -> None:
        if self.config.init is None:
            raise InputError("init: not given; expected a checkpoint, as losses.distilled is")
        start = checkpoint_network(self.config.init)
        known = self.config.teacher
        teacher = (checkpoint_network(known) if known else start).requires_grad_(False)
        mouth, eyelids, gaze = teacher.config.gains
        teacher.motion.gains = (
            self.config.teacher_mouth_gain or mouth,
            self.config.teacher_eyelid_gain or eyelids,
            gaze,
        )
        device = self.context.processes.device
        self.teacher = teacher.to(device, memory_format=torch.channels_last)  # pyright: ignore
        model, generator = self.model, self.model.generator
        model.requires_grad_(False)
        model.motion.requires_grad_(bool(self.config.losses.motion))
        if model.config.widths != teacher.config.widths:
            generator.requires_grad_(True)
            if model.config.widths != start.config.widths:
                self.measure_norms()
            return
        for name, part in generator.named_modules():
            if name in DECODER:
                part.requires_grad_(True)

    @torch.no_grad()
    def measure_norms(self) -> None:
        """Measure the statistics of a new generator's batch norms: the teacher's do not fit it."""
        norms = [one for one in self.model.generator.modules() if isinstance(one, nn.BatchNorm2d)]
        if any(int(norm.num_batches_tracked) for norm in norms):  # pyright: ignore
            return
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean over all batches
            norm.train()
        devices = "cpu", self.context.processes.device
        drawing, augmenting = (
            torch.Generator(one).manual_seed(self.config.seed) for one in devices
        )
        for _ in range(MEASURED_BATCHES):
            batch = self.batch(self.config.detail_batch, drawing, 0.0)
            pair = augmented_pair(batch, self.config, augmenting)
            self.predict(pair, augmenting, whole=True)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

    def forward(self, batch: Batch, generator: Generator, step: int) -> Prediction:  # pyright: ignore[reportIncompatibleMethodOverride]
        whole = self.is_whole(step)
        pair = augmented_pair(batch, self.config, generator, rescaled=whole)
        return self.predict(pair, generator, whole)

    def predict(self, pair: Pair, generator: Generator, whole: bool) -> Prediction:
        """Run teacher and network on the same keypoints; ``whole``: see ``is_whole``."""
        model, teacher, weights = self.model, self.teacher, self.config.losses
        window = None if whole or weights.uncovered else self.draw_window(pair, generator)
        with torch.no_grad():
            read = read_whole(teacher, pair) if whole else read_points(teacher, pair, generator)
            motion = teacher.move(read.source, read.x_rectified)
            gate = self.gate(len(read.z), generator)
            taught = teacher.paint(read.source, motion, read.z, gate, window=window)
        source = model.encoded(read.source.image, read.source.keypoints)
        if weights.motion:
            motion = model.move(source, read.x_rectified)
        rendered = model.paint(source, motion, read.z, gate, window=window)
        height = pair.target.shape[-2]
        near = losses.region_weights(pair.target_points, height, height, weights.region)
        region = near if window is None else window.cut(near, FULL)
        return Prediction(pair, rendered, taught, region, near, window)

    def judged(self, prediction: Prediction) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None

    def loss(self, prediction: Prediction, generator: Generator) -> Loss:  # pyright: ignore[reportIncompatibleMethodOverride]
        weights = self.config.losses
        if weights.uncovered:
            return losses.weighted(self.uncovered_terms(prediction), weights)
        rendered, taught = prediction.rendered, prediction.taught
        apart = losses.pixel_distance(rendered.painted, taught.painted, prediction.region)
        apart = apart + losses.pixel_distance(rendered.image, taught.image, prediction.region)
        if rendered.mix is not None and taught.mix is not None:
            apart = apart + (rendered.mix - taught.mix).abs().mean()
        perceptual = self.context.perceptual(rendered.image, taught.image)
        terms = {"distilled": apart, "perceptual": perceptual}
        if weights.motion:
            terms["motion"] = motion_distance(rendered.motion, taught.motion, prediction.near)
        if weights.performed:
            pair, window = prediction.pair, prediction.window
            terms["performed"] = performed_distance(
                self.model, rendered.image, pair.target, window, generator
            )
        return losses.weighted(terms, weights)

    def uncovered_terms(self, prediction: Prediction) -> dict[str, Tensor]:
        """Compare whole pictures with the teacher inside the source, with the target outside.

        On reframed rows, ``pixel`` compares the whole result with the target, and so does
        ``perceptual``.
        """
        rendered, taught, pair = prediction.rendered, prediction.taught, prediction.pair
        height, width = pair.target.shape[-2:]
        flow = rendered.motion.flow_at(height, width)
        known = inside(flow, None, 2 * SOFT_EDGE / (width - 1))  # (B, 1, H, W)
        reframed = pair.reframed[:, None, None, None].float()
        region = prediction.region * known
        apart = losses.pixel_distance(rendered.painted, taught.painted, region)
        if rendered.mix is not None and taught.mix is not None:
            apart = apart + ((rendered.mix - taught.mix).abs() * known).mean()
        composite = known * taught.image + (1 - known) * pair.target
        wanted = torch.where(reframed > 0, pair.target, composite)[::JUDGED_EVERY]
        return {
            "distilled": apart,
            "uncovered": losses.pixel_distance(rendered.image, pair.target, 1 - known),
            "pixel": losses.pixel_distance(rendered.image, pair.target, reframed),
            "perceptual": self.context.perceptual(rendered.image[::JUDGED_EVERY], wanted),
        }


def motion_distance(found: Motion, taught: Motion, weights: Tensor) -> Tensor:
    """Return the L1 of two flows, in [-1, 1] coordinates, plus a tenth of that of occlusions.

    ``weights``: of the picture's pixels (B, 1, H, W), larger at mouth and eyes: these cover few
    pixels, and their motion would hardly be learned.
    """
    near = resize(weights, *found.flow.shape[1:3])  # (B, 1, h, w)
    flow = (found.flow - taught.flow).abs() * near.permute(0, 2, 3, 1)
    return flow.mean() + 0.1 * losses.pixel_distance(found.occlusion, taught.occlusion, near)
