"""Cutting a network down: which parts stay."""

from dataclasses import replace

import pytest
import torch
from small_models import SMALL, lively

from ostnet.config import PRESETS, SPEAKING
from ostnet.model.recut import recut

LONG = replace(SMALL, **SPEAKING, residual_blocks=5)


@pytest.fixture(scope="module")
def trained():
    return lively(LONG)


@pytest.mark.parametrize(("count", "kept"), [(5, range(5)), (3, (0, 1, 4)), (2, (0, 4)), (1, (0,))])
def test_the_first_and_last_blocks_stay(trained, count, kept):
    smaller = recut(trained, replace(LONG, residual_blocks=count))
    blocks, norm = smaller.generator.residual[:count], smaller.generator.residual[count]
    for block, index in zip(blocks, kept, strict=True):
        old = trained.generator.residual[index]
        torch.testing.assert_close(block.state_dict(), old.state_dict())
    torch.testing.assert_close(norm.state_dict(), trained.generator.residual[5].state_dict())


def test_everything_else_is_the_networks_own(trained):
    ears = replace(trained.config, mouth_gain=1.0)
    smaller = recut(trained, replace(ears, first_tap="picture", widths=(1, 1, 1)))
    assert smaller.config == replace(trained.config, first_tap="picture")
    torch.testing.assert_close(smaller.state_dict(), trained.state_dict())


def test_where_nothing_moves_it_does_not_matter_what_is_moved(trained):
    """The encoder's first tap, or the picture it is made of."""
    smaller, picture = recut(trained, replace(LONG, first_tap="picture")), torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        state = trained.encode(picture)
        still = trained.move(state, state.keypoints)
        still.flow = torch.nn.functional.affine_grid(
            torch.eye(2, 3)[None], [1, 1, *still.flow.shape[1:3]], align_corners=True
        )
        expected = trained.paint(state, still, None)
        found = smaller.paint(smaller.encode(picture), still, None)
    assert len(smaller.encode(picture).taps) == len(state.taps) - 1
    torch.testing.assert_close(found.image, expected.image, atol=1e-4, rtol=0)


def test_the_quick_preset_is_a_cut_of_the_speaking_one():
    quick, speaking = PRESETS["lite-quick"], PRESETS["lite-speaking"]
    assert replace(quick, residual_blocks=4, first_tap="features") == speaking
