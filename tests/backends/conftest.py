"""Two small networks, pictures to feed them, and a cache of graphs of their own."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import SMALL, calibrated, lively, smooth

from ostnet import OSTNet
from ostnet.files import VARIABLE
from ostnet.model.growth import open_mix

SPEAKING = replace(
    SMALL,
    keypoints=18,
    detector_unshuffle=2,
    warped_hints=15,
    refinement_width=4,
    embedding="film",
    mix=True,
)
"""With everything that the ``-speaking`` presets have beyond the paper."""


QUICK = replace(SPEAKING, first_tap="picture", merge="add", outside="painted", reach=1.5)
"""With what ``lite-quick`` and ``micro`` have beyond those."""


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Graphs of these tests go there, and not into the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv(VARIABLE, str(folder))
        yield folder / "graphs"


@pytest.fixture(scope="session", params=["paper", "speaking", "quick"])
def model(request) -> OSTNet:
    """A network whose every part does something."""
    return _small(request.param)


@pytest.fixture(scope="session")
def small() -> Callable[..., OSTNet]:
    """Makes a network of kind ``paper`` (the default), ``speaking`` or ``quick``: the same each
    time."""
    return _small


def _small(kind: str = "paper") -> OSTNet:
    if kind == "paper":
        return calibrated(lively())
    network = lively(SPEAKING if kind == "speaking" else QUICK)
    torch.nn.init.normal_(network.motion.refinement.head.weight, std=0.05)
    open_mix(network, 0.5)
    return calibrated(network)


@pytest.fixture(scope="session")
def pictures() -> list[np.ndarray]:
    """Four smooth pictures, uint8 (64, 64, 3)."""
    return list((smooth(4, seed=3) * 255).byte().permute(0, 2, 3, 1).numpy())
