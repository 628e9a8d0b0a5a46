"""Distillation: a network that was changed learns to paint what it did before (beyond the paper).

It reads and moves as its teacher does, having the same weights for that. Only its decoder learns.
Where the motion points into the source, it is shown what the teacher paints of the same motion;
outside, with ``losses.uncovered``, the target itself.
"""

from dataclasses import replace

import torch
from torch import Tensor

from ostnet.landmarks import EYE_POINTS, MOUTH
from ostnet.model.generator import FULL, SOFT_EDGE
from ostnet.model.motion import inside
from ostnet.model.ostnet import OSTNet, Rendered
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.detail import draw_window, read_points, read_whole
from ostnet.training.objective import Pair
from ostnet.training.perceptual import PerceptualLoss
from ostnet.training.rng import Generator, rand

DECODER = ("residual", "up", "merge", "head", "embed_taps", "embed_levels")
"""Parts of the generator that learn."""

JUDGED_EVERY = 3
"""With ``losses.uncovered``, one row of a batch in so many has a perceptual distance: on a CPU it
takes half as long as everything else."""


class DistilObjective:
    """L1 to what the teacher painted and to its mix, and the perceptual distance of the results.

    With ``losses.uncovered``, every step decodes the whole picture, and these compare with the
    teacher inside the source alone: see ``uncovered_terms``.

    Args:
        config: its ``losses.distilled``, ``perceptual``, ``uncovered`` and ``pixel`` count.
        perceptual: the perceptual network.
        teacher: the network before it was changed, on the model's device.
        model: the one that learns; all of it but its decoder is frozen here.
    """

    def __init__(
        self, config: TrainConfig, perceptual: PerceptualLoss, teacher: OSTNet, model: OSTNet
    ):
        self.config, self.perceptual = config, perceptual
        self.teacher = teacher.requires_grad_(False)
        model.requires_grad_(False)
        for name in DECODER:
            if hasattr(model.generator, name):
                getattr(model.generator, name).requires_grad_(True)

    def __call__(
        self, model: OSTNet, pair: Pair, generator: Generator, whole: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Total loss (scalar) and its unweighted terms by name.

        ``whole``: decode the whole picture, and read the driving frame as inference does.
        """
        weights = self.config.losses
        teacher, height = self.teacher, pair.target.shape[-2]
        window = None
        if not (whole or weights.uncovered):
            window = draw_window(pair.target_points, height, self.config.window // FULL, generator)
        with torch.no_grad():
            seen = read_whole(teacher, pair) if whole else read_points(teacher, pair, generator)
            motion = teacher.move(seen.source, seen.x_rectified)
            gate = (rand((len(seen.z),), generator) >= self.config.embedding_dropout).float()
            taught = teacher.paint(seen.source, motion, seen.z, gate, window=window)
        taps = seen.source.taps[-3 + model.generator.encoder.first :]
        source = replace(seen.source, taps=taps)
        rendered = model.paint(source, motion, seen.z, gate, window=window)
        lively = pair.target_points[:, [*MOUTH, *EYE_POINTS]]
        region = losses.region_weights(lively, height, height, weights.region)
        if window is not None:
            region = window.cut(region, FULL)
        if weights.uncovered:
            terms = self.uncovered_terms(rendered, taught, pair, region)
        else:
            apart = losses.pixel_distance(rendered.painted, taught.painted, region)
            if rendered.mix is not None and taught.mix is not None:
                apart = apart + (rendered.mix - taught.mix).abs().mean()
            shown = self.perceptual(rendered.image, taught.image)
            terms = {"distilled": apart, "perceptual": shown}
        return sum(getattr(weights, name) * value for name, value in terms.items()), terms

    def uncovered_terms(
        self, rendered: Rendered, taught: Rendered, pair: Pair, region: Tensor
    ) -> dict[str, Tensor]:
        """Towards the teacher inside the source and towards the target outside.

        Reframed rows count as well, with ``losses.pixel``, by their whole result's distance to the
        target, and their perceptual distance is to the target everywhere.

        Args:
            rendered: of the network that learns, whole pictures (B, 3, H, W).
            taught: the teacher's, of the same motion.
            pair: with the targets.
            region: weights of the pixels (B, 1, H, W).
        """
        height, width = pair.target.shape[-2:]
        flow = rendered.motion.flow_at(height, width)
        known = inside(flow, None, 2 * SOFT_EDGE / (width - 1))  # (B, 1, H, W)
        reframed = pair.reframed[:, None, None, None].float()
        apart = losses.pixel_distance(rendered.painted, taught.painted, region * known)
        if rendered.mix is not None and taught.mix is not None:
            apart = apart + ((rendered.mix - taught.mix).abs() * known).mean()
        composite = known * taught.image + (1 - known) * pair.target
        wanted = torch.where(reframed > 0, pair.target, composite)[::JUDGED_EVERY]
        return {
            "distilled": apart,
            "uncovered": losses.pixel_distance(rendered.image, pair.target, 1 - known),
            "pixel": losses.pixel_distance(rendered.image, pair.target, reframed),
            "perceptual": self.perceptual(rendered.image[::JUDGED_EVERY], wanted),
        }
