"""A widened network shows the same picture, and its new channels learn something of their own."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_models import SMALL, lively, smooth

from ostnet.config import PRESETS, SPEAKING, ModelConfig
from ostnet.model.growth import grow
from ostnet.model.ostnet import OSTNet

SPEAKING_SMALL = replace(SMALL, **SPEAKING)
WIDE = {
    "keypoint_width": 6,
    "motion_width": 8,
    "hourglass_max_width": 40,
    "mask_kernel": 5,
    "widths": (16, 24, 32),
    "residual_blocks": 3,
}
LITE = Path(__file__).parents[2] / "checkpoints" / "ostnet-lite"


def trained(config: ModelConfig) -> OSTNet:
    """A network whose batch norms and heads have random values too."""
    model = lively(config)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point() and not name.endswith("running_var"):
                value.add_(0.05 * torch.randn_like(value))
    return model


@torch.inference_mode()
def largest_difference(one: OSTNet, other: OSTNet, side: int) -> float:
    """Return the largest difference of two networks' pictures, in [0, 1]; inputs have that side."""
    source, driving = torch.nn.functional.interpolate(smooth(2, seed=3), side).split(1)
    return float((one(source, driving).image - other(source, driving).image).abs().max())


@pytest.mark.parametrize(
    "change", [*({name: value} for name, value in WIDE.items()), WIDE], ids=str
)
@pytest.mark.parametrize("start", [SMALL, SPEAKING_SMALL], ids=["plain", "speaking"])
def test_a_wider_network_shows_the_same_picture(start, change):
    narrow = trained(start)
    wide = grow(narrow, replace(start, **change))
    assert wide.config == replace(start, **change)
    assert largest_difference(narrow, wide, 64) < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_any_widths_will_do(seed):
    random = torch.Generator().manual_seed(seed)

    def more(number: int) -> int:
        return number + int(torch.randint(0, 2 * number, (), generator=random))

    start = replace(SPEAKING_SMALL, full_width=4 * (seed % 2), residual_blocks=1 + seed)
    wanted = replace(
        start,
        widths=tuple(more(width) for width in start.widths),
        **{name: more(getattr(start, name)) for name in ("motion_width", "residual_blocks")},
    )
    narrow = trained(start)
    assert largest_difference(narrow, grow(narrow, wanted), 64) < 1e-4


def test_lite_weights_become_a_base_network_with_other_parts_at_once():
    narrow = trained(replace(SMALL, keypoints=15))
    wanted = replace(SPEAKING_SMALL, **WIDE, candidates="shift")
    wide = grow(narrow, wanted)
    assert wide.config == wanted
    assert largest_difference(narrow, wide, 64) < 0.004  # the refinement's: see test_growth.py


@pytest.mark.skipif(not LITE.is_dir(), reason="no embedded weights")
def test_the_embedded_weights_fill_the_base_preset():
    narrow = OSTNet.from_pretrained(str(LITE))
    wide = grow(narrow, replace(PRESETS["base-speaking"], first_tap=narrow.config.first_tap))
    assert wide.config.widths == (64, 128, 256)
    assert largest_difference(narrow, wide, 256) < 1e-3


def test_copies_of_a_channel_learn_different_things():
    wide = grow(trained(SPEAKING_SMALL), replace(SPEAKING_SMALL, **WIDE))
    source, driving = smooth(2, seed=3).split(1)
    (wide(source, driving).image - driving).square().sum().backward()
    for name, narrow in (("encoder.down.1", 16), ("up.0", 12), ("residual.0.conv1", 16)):
        layer = wide.generator.get_submodule(name)
        kernel = next(part for part in layer.modules() if isinstance(part, torch.nn.Conv2d)).weight
        one, other = kernel.grad[:narrow].flatten(), kernel.grad[narrow : 2 * narrow].flatten()
        assert torch.nn.functional.cosine_similarity(one, other, dim=0) < 0.9


def test_an_added_block_learns_although_it_does_nothing_yet():
    wide = grow(trained(SPEAKING_SMALL), replace(SPEAKING_SMALL, residual_blocks=2))
    added = wide.generator.residual[0].conv2.weight
    assert not added.any()
    source, driving = smooth(2, seed=3).split(1)
    (wide(source, driving).image - driving).square().sum().backward()
    assert added.grad.abs().max() > 0


@pytest.mark.parametrize("change", [{"widths": (8, 12, 15)}, {"motion_width": 3}], ids=str)
def test_a_narrower_network_is_refused(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))}: found .* expected no smaller"):
        grow(trained(SMALL), replace(SMALL, **change))
