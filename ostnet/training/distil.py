"""Distillation: a changed network learns to generate the same as before (beyond the paper).

It has its teacher's weights for keypoints and motion; only its decoder learns. Where the motion
points into the source, it is compared with the teacher's picture for the same motion; outside, with
``losses.uncovered``, with the target.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ostnet.errors import InputError
from ostnet.model.generator import FULL, SOFT_EDGE
from ostnet.model.motion import inside
from ostnet.model.ostnet import Rendered
from ostnet.training import losses
from ostnet.training.checkpoint import checkpoint_network
from ostnet.training.detail import DetailStage, read_points, read_whole
from ostnet.training.joint import Pair, augmented_pair
from ostnet.training.losses import Loss
from ostnet.training.pairs import Batch
from ostnet.training.rng import Generator

DECODER = ("residual", "up", "merge", "head", "embed_taps", "embed_levels")
"""Parts of the generator that learn."""

JUDGED_EVERY = 3
"""With ``losses.uncovered``, one row of a batch in this many has a perceptual distance: on a CPU it
takes half as long as everything else."""


@dataclass
class Prediction:
    """The results of network and teacher for B pairs."""

    pair: Pair
    rendered: Rendered
    taught: Rendered  # the teacher's, for the same motion
    region: Tensor  # weights of the pixels (B, 1, H, W)


class DistilStage(DetailStage):
    """The decoder learns the teacher's picture and mix: the network of ``init``, before changes.

    With ``losses.uncovered``, every step decodes the whole picture; see ``uncovered_terms``.
    """

    def setup(self) -> None:
        if self.config.init is None:
            raise InputError("init: not given; expected a checkpoint, as losses.distilled is")
        teacher = checkpoint_network(self.config.init).requires_grad_(False)
        device = self.context.processes.device
        self.teacher = teacher.to(device, memory_format=torch.channels_last)  # pyright: ignore
        self.model.requires_grad_(False)
        for name in DECODER:
            if hasattr(self.model.generator, name):
                getattr(self.model.generator, name).requires_grad_(True)

    def forward(self, batch: Batch, generator: Generator, step: int) -> Prediction:  # pyright: ignore[reportIncompatibleMethodOverride]
        whole = self.is_whole(step)
        pair = augmented_pair(batch, self.config, generator, rescaled=whole)
        return self.predict(pair, generator, whole)

    def predict(self, pair: Pair, generator: Generator, whole: bool) -> Prediction:
        """Run teacher and network on the same motion; ``whole``: see ``is_whole``."""
        model, teacher, weights = self.model, self.teacher, self.config.losses
        window = None if whole or weights.uncovered else self.draw_window(pair, generator)
        with torch.no_grad():
            read = read_whole(teacher, pair) if whole else read_points(teacher, pair, generator)
            motion = teacher.move(read.source, read.x_rectified)
            gate = self.gate(len(read.z), generator)
            taught = teacher.paint(read.source, motion, read.z, gate, window=window)
        taps = read.source.taps[-3 + model.generator.encoder.first :]
        source = replace(read.source, taps=taps)
        rendered = model.paint(source, motion, read.z, gate, window=window)
        height = pair.target.shape[-2]
        region = losses.region_weights(pair.target_points, height, height, weights.region)
        if window is not None:
            region = window.cut(region, FULL)
        return Prediction(pair, rendered, taught, region)

    def judged(self, prediction: Prediction) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None

    def loss(self, prediction: Prediction, generator: Generator) -> Loss:  # pyright: ignore[reportIncompatibleMethodOverride]
        weights = self.config.losses
        if weights.uncovered:
            return losses.weighted(self.uncovered_terms(prediction), weights)
        rendered, taught = prediction.rendered, prediction.taught
        apart = losses.pixel_distance(rendered.painted, taught.painted, prediction.region)
        if rendered.mix is not None and taught.mix is not None:
            apart = apart + (rendered.mix - taught.mix).abs().mean()
        perceptual = self.context.perceptual(rendered.image, taught.image)
        return losses.weighted({"distilled": apart, "perceptual": perceptual}, weights)

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
