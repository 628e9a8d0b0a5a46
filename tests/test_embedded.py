"""The embedded weights do what the README says, measured on rendered faces of exactly known scale.

The network has never seen a rendered face; figures on real people come from ``ostnet evaluate``.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from procedural_face import FaceParams, random_identity, render
from torch.utils.flop_counter import FlopCounterMode

from ostnet import OSTNet
from ostnet.config import PRESETS
from ostnet.model.keypoints import spread
from ostnet.model.layers import fuse_upsampling

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
FOLDER = CHECKPOINTS / "ostnet-lite"
SCALES = (0.6, 0.8, 1.0, 1.2, 1.4)


@pytest.fixture(scope="module")
def model() -> OSTNet:
    return OSTNet.from_pretrained(str(FOLDER))


@pytest.fixture(scope="module")
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    """One rendered person: source (5, 3, 256, 256), and the person turned, talking, at 5 scales."""
    person = random_identity(np.random.default_rng(3))
    source, _ = render(FaceParams(person), 256)
    driving = [
        render(FaceParams(person, yaw=0.2, mouth_open=0.4, scale=(s, s)), 256)[0] for s in SCALES
    ]

    return tensor([source] * len(SCALES)), tensor(driving)


def tensor(images: list[np.ndarray]) -> torch.Tensor:
    """uint8 (256, 256, 3) pictures -> (B, 3, 256, 256) in [0, 1]."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def test_the_module_measures_the_scale_of_a_face_it_has_never_seen(model, pair):
    measured = model(*pair).reading.alignment.scale
    truth = torch.tensor(SCALES)[:, None]
    assert (measured / truth).log().abs().max() < 0.12


@torch.inference_mode()
def test_the_transform_keeps_the_source_scale_and_its_absence_does_not(model, pair):
    reference = spread(model.keypoints(pair[1][2:3]))  # the same pose and mouth, at scale 1

    def error(transform: bool) -> torch.Tensor:
        output = model(*pair, scale_transform=transform)
        return (spread(model.keypoints(output.image)) / reference).log().abs().amax(1)

    others = [0, 1, 3, 4]
    assert error(True)[others].mean() < error(False)[others].mean() / 3


@torch.inference_mode()
def test_a_turned_head_is_hardly_taken_for_a_smaller_one(model):
    """At 40 degrees a width foreshortens to .77; the outline that F_kp follows does not."""
    measured = []
    for seed in range(3):
        person = random_identity(np.random.default_rng(seed))
        frames = [render(FaceParams(person, yaw=np.deg2rad(y)), 256)[0] for y in (0, -40, 40)]
        source, *driving = tensor(frames).split(1)
        measured += [model(source, frame).reading.alignment.scale for frame in driving]
    assert torch.cat(measured).log().abs().median(dim=0).values.max() < 0.06


@torch.inference_mode()
def test_without_the_scale_code_the_picture_changes(model, pair):
    with_code, without = (model(*pair, scale_embedding=on).image for on in (True, False))
    assert (with_code - without).abs().mean() > 5e-4


def test_lite_keeps_its_budget(model):
    """At most 8 M parameters, 16 MB on disk and 3.3 GMAC for each driving frame at 256 x 256."""
    assert sum(p.numel() for p in model.parameters()) <= 8e6
    assert (FOLDER / "model.safetensors").stat().st_size <= 16e6
    assert operations(model) <= 3.3e9


def test_base_keeps_its_budget(tmp_path):
    """At most 12 M parameters, 24 MB on disk and 20 GMAC for each driving frame at 256 x 256."""
    model = OSTNet(PRESETS["base-speaking"]).eval()
    assert sum(p.numel() for p in model.parameters()) <= 12e6
    model.save_pretrained(tmp_path)
    assert (tmp_path / "model.safetensors").stat().st_size <= 24e6
    assert operations(model) <= 20e9


@torch.inference_mode()
def test_micro_keeps_its_budget_and_the_keypoints_of_lite(model):
    """At most 5 MB on disk and 1.1 GMAC for each driving frame at 256 x 256, as on CPUs."""
    micro = OSTNet.from_pretrained(str(CHECKPOINTS / "ostnet-micro"))
    assert (CHECKPOINTS / "ostnet-micro" / "model.safetensors").stat().st_size <= 5e6
    torch.testing.assert_close(micro.detector.state_dict(), model.detector.state_dict())
    fuse_upsampling(micro)
    picture = torch.rand(1, 3, 256, 256)
    source = micro.encode(picture)
    with FlopCounterMode(display=False) as counter:
        x_driving = micro.keypoints(picture)
        alignment = micro.align(source.keypoints, x_driving)
        micro.render(source, x_driving / alignment.scale[:, None], alignment.z)
    assert counter.get_total_flops() / 2 <= 1.1e9


@torch.inference_mode()
def operations(model: OSTNet) -> float:
    """Multiplications and additions, in pairs, for one driving frame at 256 x 256."""
    picture = torch.rand(1, 3, 256, 256)
    source = model.encode(picture)
    with FlopCounterMode(display=False) as counter:
        x_driving = model.keypoints(picture)
        alignment = model.align(source.keypoints, x_driving)
        x_rectified = model.keypoints(model.rectify(picture, alignment.fiducials))
        model.render(source, x_rectified, alignment.z)
    return counter.get_total_flops() / 2
