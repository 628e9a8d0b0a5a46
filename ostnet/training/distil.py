"""Distillation: a network that was cut down learns to paint what it did before (beyond the paper).

It reads and moves as its teacher does, having the same weights for that. Only its decoder learns,
and is shown nothing but what the teacher paints of the same motion.
"""

from dataclasses import replace

import torch
from torch import Tensor

from ostnet.landmarks import EYE_POINTS, MOUTH
from ostnet.model.generator import FULL
from ostnet.model.ostnet import OSTNet
from ostnet.training import losses
from ostnet.training.config import TrainConfig
from ostnet.training.detail import draw_window, read_points, read_whole
from ostnet.training.draws import Generator, rand
from ostnet.training.objective import Pair
from ostnet.training.perceptual import PerceptualLoss

DECODER = ("residual", "up", "merge", "head", "embed_taps", "embed_levels")
"""Parts of the generator that learn."""


class DistilObjective:
    """L1 to what the teacher painted and to its mix, and the perceptual distance of the results.

    Args:
        config: its ``losses.distilled`` and ``losses.perceptual`` count.
        perceptual: the perceptual network.
        teacher: the network before it was cut, on the model's device.
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
        teacher, height = self.teacher, pair.target.shape[-2]
        window = None
        if not whole:
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
        region = losses.region_weights(lively, height, height, self.config.losses.region)
        if window is not None:
            region = window.cut(region, FULL)
        apart = losses.pixel_distance(rendered.painted, taught.painted, region)
        if rendered.mix is not None and taught.mix is not None:
            apart = apart + (rendered.mix - taught.mix).abs().mean()
        terms = {"distilled": apart, "perceptual": self.perceptual(rendered.image, taught.image)}
        weights = self.config.losses
        return sum(getattr(weights, name) * value for name, value in terms.items()), terms
