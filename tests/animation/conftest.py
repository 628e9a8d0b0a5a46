"""A small network whose every part does something, and pictures to feed it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from small_models import SMALL, lively

from ostnet import AnimateOptions, Animator, OSTNet
from ostnet.animation.scene import open_scene

EXAMPLES = Path(__file__).parents[2] / "examples"


def smooth_pictures(count: int, size: int, seed: int) -> list[np.ndarray]:
    """Blurred noise: uint8 (size, size, 3), each different."""
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    fine = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1)
    return list((fine * 255).byte().permute(0, 2, 3, 1).numpy())


@pytest.fixture
def examples() -> tuple[Path, Path]:
    """A shipped portrait and a shipped clip."""
    portrait = EXAMPLES / "portraits" / "eileen_collins.jpg"
    return portrait, next(EXAMPLES.glob("driving/mid_1.0_audio*"))


@pytest.fixture
def scene(examples):
    """Eight frames of the clip."""
    return open_scene(*examples, AnimateOptions(max_frames=8))


@pytest.fixture
def checkpoint(model, tmp_path) -> str:
    """A folder of weights."""
    model.save_pretrained(tmp_path / "weights")
    return str(tmp_path / "weights")


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
    animator = Animator(model, "cpu", "torch")
    animator.set_source(source)
    return animator
