"""A small network whose every part does something, and pictures to feed it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from small_models import SMALL, lively

from ostnet import Animator, OSTNet
from ostnet.animation.scene import Inputs, look_at

EXAMPLES = Path(__file__).parents[2] / "examples"


def smooth_pictures(count: int, size: int, seed: int) -> list[np.ndarray]:
    """Blurred noise: uint8 (size, size, 3), each different."""
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    fine = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1)
    return list((fine * 255).byte().permute(0, 2, 3, 1).numpy())


@pytest.fixture
def scene():
    """Eight frames of a shipped clip, for a shipped portrait."""
    inputs = Inputs(
        EXAMPLES / "portraits" / "eileen_collins.jpg",
        next(EXAMPLES.glob("driving/mid_1.0_audio*")),
        max_frames=8,
    )
    return look_at(inputs)


@pytest.fixture
def model() -> OSTNet:
    return lively()


@pytest.fixture
def source() -> np.ndarray:
    return smooth_pictures(1, SMALL.resolution, seed=1)[0]


@pytest.fixture
def driving() -> list[np.ndarray]:
    return smooth_pictures(4, SMALL.resolution, seed=2)


@pytest.fixture
def animator(model, source) -> Animator:
    animator = Animator(model, device="cpu")
    animator.set_source(source)
    return animator
