"""FID on a random TorchScript network against scipy's matrix root and torchmetrics."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.linalg import sqrtm
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from ostnet.errors import InputError
from ostnet.evaluation.metrics.fid import FidNetwork, frechet_distance, resize


class RandomInception(nn.Module):
    """Called as the published file is: pictures in 0..255, ``return_features`` asked for."""

    num_features = 6

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 6, 7, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1))

    def forward(self, x, return_features: bool = False):
        features = self.layers((x.float() - 128) / 128)
        return features if return_features else features.sum(1)


@pytest.fixture
def network(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "random-inception.pt"
    torch.jit.script(RandomInception()).save(str(path))
    return FidNetwork(path)


def textbook(a, b):
    """The formula as it is written, with scipy's root of the product."""
    covariances = [np.cov(features, rowvar=False) for features in (a, b)]
    gap = a.mean(0) - b.mean(0)
    root = sqrtm(covariances[0] @ covariances[1]).real
    return gap @ gap + np.trace(sum(covariances) - 2 * root)


def test_the_distance_agrees_with_its_textbook_formula(rng):
    a, b = rng.normal(size=(40, 5)), rng.normal(1, 2, size=(60, 5)) @ rng.normal(size=(5, 5))
    assert frechet_distance(a, b) == pytest.approx(textbook(a, b))
    metric = FrechetInceptionDistance(feature=Handed(5), input_img_size=(5,))
    metric.set_dtype(torch.double)
    metric.update(torch.tensor(a), real=True)
    metric.update(torch.tensor(b), real=False)
    assert frechet_distance(a, b) == pytest.approx(float(metric.compute()), rel=1e-4)


class Handed(nn.Module):
    """For torchmetrics: the 'pictures' are the features already."""

    def __init__(self, num_features):
        super().__init__()
        self.num_features = num_features

    def forward(self, x):
        return x


def test_fewer_frames_than_features_are_no_trouble(rng):
    a, b = rng.normal(size=(4, 64)), rng.normal(size=(7, 64))
    product = np.cov(a, rowvar=False) @ np.cov(b, rowvar=False)
    root = np.sqrt(np.linalg.eigvals(product).astype(complex)).real.sum()
    gap = a.mean(0) - b.mean(0)
    variances = a.var(0, ddof=1).sum() + b.var(0, ddof=1).sum()
    assert frechet_distance(a, b) == pytest.approx(gap @ gap + variances - 2 * root, rel=1e-5)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_features_are_those_of_the_network_on_clean_fids_pictures(network, rng):
    images = rng.integers(0, 256, (3, 64, 48, 3), dtype=np.uint8)
    torch.manual_seed(0)
    same = RandomInception()
    for image, found in zip(images, network.read(images, [None] * 3), strict=True):
        channels = [
            np.asarray(Image.fromarray(image[..., c].astype(np.float32)).resize((299, 299), 3))
            for c in range(3)
        ]
        x = torch.from_numpy(np.stack(channels)).clamp(0, 255)[None]
        with torch.no_grad():
            expected = same(x, return_features=True).flatten()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_resizing_rounds_nothing_and_keeps_the_range(rng):
    image = rng.integers(0, 2, (512, 512, 3), dtype=np.uint8) * 255
    small = resize(image)
    assert small.shape == (299, 299, 3) and small.dtype == np.float32
    assert 0 <= small.min() and small.max() <= 255
    assert np.abs(small - np.rint(small)).max() > 0.1


def test_other_files_are_named(tmp_path):
    with pytest.raises(InputError, match="fid_network: .*absent.pt is no file"):
        FidNetwork(tmp_path / "absent.pt")
    (tmp_path / "text.pt").write_text("no network")
    with pytest.raises(InputError, match="fid_network: .*no TorchScript file"):
        FidNetwork(tmp_path / "text.pt")
