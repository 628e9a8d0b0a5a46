"""A pruned network keeps the remaining parts, and of its channels those that are used most."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from small_models import SMALL, lively

from ostnet.config import SPEAKING, ModelConfig
from ostnet.model.ostnet import OSTNet
from ostnet.model.pruning import prune

LONG = replace(SMALL, **SPEAKING, residual_blocks=5)
ADDS = replace(SMALL, **SPEAKING, merge="add", first_tap="picture")


@pytest.mark.parametrize(("count", "kept"), [(5, range(5)), (3, (0, 1, 4)), (1, (0,))])
def test_pruning_keeps_the_first_and_last_blocks(count, kept):
    long = lively(LONG)
    smaller = prune(long, replace(LONG, residual_blocks=count))
    blocks, norm = smaller.generator.residual[:count], smaller.generator.residual[count]
    for block, index in zip(blocks, kept, strict=True):
        old = long.generator.residual[index]
        torch.testing.assert_close(block.state_dict(), old.state_dict())
    torch.testing.assert_close(norm.state_dict(), long.generator.residual[5].state_dict())


def test_pruning_changes_nothing_else():
    long = lively(LONG)
    smaller = prune(long, replace(LONG, first_tap="picture", keypoint_width=1, refinement_width=0))
    assert smaller.config == replace(long.config, first_tap="picture")
    torch.testing.assert_close(smaller.state_dict(), long.state_dict())


@pytest.mark.parametrize("change", [{"first_tap": "picture"}, {"merge": "add"}], ids=str)
def test_without_motion_a_cheaper_tap_gives_the_same_picture(change):
    long, picture = lively(LONG), torch.rand(1, 3, 64, 64)
    smaller = prune(long, replace(LONG, **change))
    assert smaller.config == replace(LONG, **change)
    with torch.inference_mode():
        state = long.encode(picture)
        still = long.move(state, state.keypoints)
        eye = torch.eye(2, 3)[None]
        still.flow = F.affine_grid(eye, [1, 1, *still.flow.shape[1:3]], align_corners=True)
        still.occlusion = torch.ones_like(still.occlusion)
        expected = long.paint(state, still, None)
        found = smaller.paint(smaller.encode(picture), still, None)
    torch.testing.assert_close(found.image, expected.image, atol=1e-4, rtol=0)


def with_idle_channels(narrow: OSTNet, config: ModelConfig) -> OSTNet:
    """A network of wider layers whose additional channels nothing uses."""
    wide = OSTNet(config).eval()
    with torch.no_grad():
        for name, value in wide.state_dict().items():
            known = narrow.state_dict()[name]
            if "embed_" in name:  # offsets, then gains
                pairs = zip(value.chunk(2), known.chunk(2), strict=True)
            elif name == "motion.refinement.body.0.0.weight":  # features, then the picture
                pairs = zip(
                    value.split([len(value[0]) - 3, 3], 1), known.split([4, 3], 1), strict=True
                )
            else:
                pairs = [(value, known)]
            for place, part in pairs:
                place.fill_(1.0 if name.endswith("running_var") else 0.0)
                place[tuple(map(slice, part.shape))] = part
    return wide


def test_the_channels_that_are_used_most_stay():
    narrow = lively(replace(ADDS, refinement_width=4))
    torch.nn.init.normal_(narrow.motion.refinement.head.weight)
    wide = with_idle_channels(
        narrow, replace(narrow.config, widths=(12, 18, 20), refinement_width=7)
    )
    found = prune(wide, narrow.config)
    assert found.config == narrow.config
    torch.testing.assert_close(found.state_dict(), narrow.state_dict())


def test_the_hourglass_keeps_what_is_used_most():
    wide = lively(replace(ADDS, hourglass_max_width=32))
    first = wide.motion.hourglass.down[1].block[0]  # 16 channels of which 8 shall stay
    with torch.no_grad():
        wide.motion.hourglass.down[1].block[1].weight[::2] = 0
    narrow = prune(wide, replace(wide.config, motion_max_width=8))
    assert narrow.config == replace(wide.config, motion_max_width=8)
    kept = narrow.motion.hourglass.down[1].block[0]
    torch.testing.assert_close(kept.weight, first.weight[1::2])
    assert max(len(down.block[0].weight) for down in narrow.motion.hourglass.down) == 8
    torch.testing.assert_close(narrow.detector.state_dict(), wide.detector.state_dict())


def test_a_keypoint_without_a_warped_hint_keeps_its_heat_map():
    model = lively(ADDS)
    pictures = 4 * torch.arange(1, 16)[10:, None] + torch.arange(1, 4)  # of hints 11 to 15
    hourglass = model.motion.hourglass
    inputs = hourglass.down[0].block[0].in_channels
    with torch.no_grad():  # nothing reads them
        hourglass.down[0].block[0].weight[:, pictures.flatten()] = 0
        for reader in (model.motion.mask, model.motion.occlusion, model.motion.refinement.reduce):
            reader.weight[:, hourglass.width - inputs + pictures.flatten()] = 0
    fewer = prune(model, replace(ADDS, warped_hints=10))
    assert fewer.config.warped_hints == 10
    assert fewer.motion.hourglass.down[0].block[0].in_channels == inputs - 15
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        state = model.encode(picture)
        flows = [one.move(state, state.keypoints * 0.9).flow for one in (model, fewer)]
    torch.testing.assert_close(*flows)


def test_a_network_that_concatenates_is_not_narrowed():
    with pytest.raises(ValueError, match="widths: found .* expected no narrower than"):
        prune(lively(LONG), replace(LONG, widths=(1, 1, 1)))
