"""A network small enough for tests, and one whose every part does something."""

from dataclasses import replace
from pathlib import Path

import torch

from ostnet import OSTNet
from ostnet.config import ModelConfig

SMALL = ModelConfig(
    resolution=64,
    motion_resolution=32,
    keypoint_width=4,
    motion_width=4,
    hourglass_max_width=16,
    mask_kernel=3,
    widths=(8, 12, 16),
    full_width=0,
    residual_blocks=1,
)


def lively(config: ModelConfig = SMALL, scale: float = 0.2, embedding: float = 0.2) -> OSTNet:
    """A network with random values, of these standard deviations, in the layers that start at 0."""
    torch.manual_seed(0)
    model = OSTNet(config).eval()
    torch.nn.init.normal_(model.scale.head.weight, std=scale)
    if config.with_scale_embedding:
        for layer in [*model.generator.embed_taps, *model.generator.embed_levels]:
            torch.nn.init.normal_(layer.weight, std=embedding)
    return model


def tiny_checkpoint(folder: Path) -> Path:
    """Weights of an untrained network that renders 256 x 256, written to ``folder``."""
    config = replace(SMALL, resolution=256, motion_resolution=64, widths=(8, 8, 8))
    lively(config, scale=0.1, embedding=0.5).save_pretrained(folder)
    return folder
