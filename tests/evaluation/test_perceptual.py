"""LPIPS on random weights against a computation of its own, layer by layer in torch.nn."""

import numpy as np
import pytest
import torch
from torch import nn

from ostnet.errors import InputError
from ostnet.evaluation.metrics.lpips import BACKBONE, LINEAR, Lpips


def alexnet_features():
    """The convolutional part of torchvision's AlexNet."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(),
    )  # fmt: skip


@pytest.fixture
def random_weights(tmp_path):
    torch.manual_seed(0)
    network = alexnet_features()
    linear = [torch.rand(1, width, 1, 1) for width in (64, 192, 384, 256, 256)]
    torch.save({f"features.{k}": v for k, v in network.state_dict().items()}, tmp_path / BACKBONE)
    torch.save({f"lin{i}.model.1.weight": w for i, w in enumerate(linear)}, tmp_path / LINEAR)
    return tmp_path, network, linear


def test_lpips_agrees_with_its_definition(random_weights, rng):
    folder, network, linear = random_weights
    images = rng.integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    x = torch.from_numpy(images).permute(0, 3, 1, 2) / 255 * 2 - 1
    x = (x - torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)) / torch.tensor(
        [0.458, 0.448, 0.450]
    ).view(1, 3, 1, 1)
    expected, taps = 0.0, []
    with torch.no_grad():
        for layer in network:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                taps.append(x)
        for tap, weight in zip(taps, linear, strict=True):
            unit = nn.functional.normalize(tap, dim=1)
            expected += float(((unit[0] - unit[1]) ** 2 * weight[0]).sum(0).mean())
    lpips = Lpips(folder)
    one, other = lpips.read(images, [None, None])
    assert lpips.columns(one, None, other)["lpips"] == pytest.approx(expected, rel=1e-4)
    assert lpips.columns(one, None, one)["lpips"] == 0


def test_missing_or_foreign_weights_are_named(tmp_path, random_weights):
    with pytest.raises(InputError, match=BACKBONE):
        Lpips(tmp_path / "nowhere")
    folder, _, _ = random_weights
    torch.save({}, folder / LINEAR)
    with pytest.raises(InputError, match="lin0"):
        Lpips(folder)
