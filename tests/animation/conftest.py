"""A small network whose every part does something, and pictures to feed it."""

import numpy as np
import pytest
import torch

from ostnet import Animator, OSTNet
from ostnet.config import ModelConfig

torch.set_num_threads(1)

TINY = ModelConfig(
    resolution=64,
    keypoint_width=4,
    motion_width=4,
    hourglass_max_width=16,
    mask_kernel=3,
    widths=(8, 12, 16),
    full_width=0,
    residual_blocks=1,
)


def lively(model: OSTNet) -> OSTNet:
    """Give random values to the layers that start at zero, as training would."""
    layers = [model.scale.head]
    if model.config.with_scale_embedding:
        layers += [*model.generator.embed_taps, *model.generator.embed_levels]
    for layer in layers:
        torch.nn.init.normal_(layer.weight, std=0.2)
    return model


def smooth_pictures(count: int, size: int, seed: int) -> list[np.ndarray]:
    """Blurred noise: uint8 (size, size, 3), each different."""
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    fine = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1)
    return list((fine * 255).byte().permute(0, 2, 3, 1).numpy())


@pytest.fixture
def model() -> OSTNet:
    torch.manual_seed(0)
    return lively(OSTNet(TINY)).eval()


@pytest.fixture
def source() -> np.ndarray:
    return smooth_pictures(1, TINY.resolution, seed=1)[0]


@pytest.fixture
def driving() -> list[np.ndarray]:
    return smooth_pictures(4, TINY.resolution, seed=2)


@pytest.fixture
def animator(model, source) -> Animator:
    animator = Animator(model, device="cpu")
    animator.set_source(source)
    return animator
