"""A network small enough for tests, and one whose every part does something."""

from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from ostnet import OSTNet
from ostnet.backends.reduced_precision import observed
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


def smooth(count: int, seed: int) -> torch.Tensor:
    """Smooth pictures (count, 3, 64, 64)."""
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, size=(64, 64), mode="bicubic").clamp(0, 1)


def calibrated(model: OSTNet) -> OSTNet:
    """The same, with ranges for eight bits."""
    source, *driving = smooth(8, seed=4)[:, None]
    model.ranges = observed(model, [(source, one) for one in driving], "smooth pictures")
    return model


def calibrated_checkpoint(folder: Path) -> Path:
    """Weights with ranges, written to ``folder``: those of the half precision that is on disk."""
    lively().save_pretrained(folder)
    calibrated(OSTNet.from_pretrained(str(folder))).save_pretrained(folder)
    return folder


def tiny_checkpoint(folder: Path) -> Path:
    """Weights of an untrained network that renders 256 x 256, written to ``folder``."""
    config = replace(SMALL, resolution=256, motion_resolution=64, widths=(8, 8, 8))
    lively(config, scale=0.1, embedding=0.5).save_pretrained(folder)
    return folder
