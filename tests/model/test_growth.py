"""A grown network computes the same and can learn more."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_models import SMALL, lively, smooth

from ostnet.config import PRESETS, SPEAKING, ModelConfig
from ostnet.landmarks import KEYPOINTS, keypoint_parents
from ostnet.model.growth import grow, open_mix
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
ADDS = {"merge": "add", "first_tap": "picture"}
LITE = Path(__file__).parents[2] / "checkpoints" / "ostnet-lite"


def trained(config: ModelConfig = SMALL) -> OSTNet:
    """A network whose every part does something, batch norms and heads included."""
    model = lively(config)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point() and not name.endswith("running_var"):
                value.add_(0.05 * torch.randn_like(value))
    return model


@torch.inference_mode()
def largest_difference(one: OSTNet, other: OSTNet, side: int = 64, flags=(True, True)) -> float:
    """Largest difference of two networks' pictures, in [0, 1], for inputs of that side."""
    source, driving = torch.nn.functional.interpolate(smooth(2, seed=3), side).split(1)
    pictures = [model(source, driving, *flags).image for model in (one, other)]
    return float((pictures[0] - pictures[1]).abs().max())


def backward(model: OSTNet) -> None:
    source, driving = smooth(2, seed=3).split(1)
    (model(source, driving).image - driving).square().sum().backward()


@pytest.mark.parametrize("flags", [(True, True), (False, False)])
def test_a_grown_network_shows_the_same_picture(flags):
    wanted = replace(SPEAKING_SMALL, candidates="shift")  # turning ones move the picture
    small = trained()
    grown = grow(small, wanted)
    assert grown.config == wanted
    # 1/255 at most, as the refinement takes the flow to twice the size before anything is moved
    assert largest_difference(small, grown, flags=flags) < 0.004
    with torch.inference_mode():
        source, driving = smooth(2, seed=3).split(1)
        before, after = (model(source, driving).reading.alignment.z for model in (small, grown))
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)


def test_every_new_part_can_learn():
    small = trained()
    grown = grow(small, SPEAKING_SMALL)
    open_mix(grown)
    known, parameters = small.state_dict(), dict(grown.named_parameters())
    backward(grown)
    assert parameters["motion.refinement.head.weight"].grad.abs().max() > 0
    for name in ("detector.hourglass.down.0.block.0.weight", "generator.head.0.weight"):
        old, gradient = known[name].shape, parameters[name].grad
        assert torch.cat([gradient[old[0] :].flatten(), gradient[:, old[1] :].flatten()]).any()


def test_a_new_keypoint_begins_as_its_neighbour():
    names = list(KEYPOINTS)
    origin = [names[index] for index in keypoint_parents(15, 30)]
    assert origin[:15] == names[:15]
    assert origin[names.index("lid_upper_left")] == "iris_left"
    assert origin[names.index("lip_inner_lower")] == "lip_lower"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"first_tap": "picture"}, "expected the same"),
        ({"full_width": 8}, "expected the same"),
        ({"merge": "add"}, "expected the same"),
        ({"hourglass_blocks": 4}, "expected the same"),
        ({"widths": (8, 12, 15)}, "expected no smaller"),
        ({"motion_width": 3}, "expected no smaller"),
    ],
)
def test_what_cannot_grow_is_refused(change, expected):
    with pytest.raises(ValueError, match=f"{next(iter(change))}: found .* {expected}"):
        grow(trained(), replace(SMALL, **change))


@pytest.mark.parametrize(
    "change", [*({name: value} for name, value in WIDE.items()), WIDE, {**WIDE, **ADDS}], ids=str
)
def test_a_wider_network_shows_the_same_picture(change):
    start = replace(SPEAKING_SMALL, **{name: change[name] for name in ADDS if name in change})
    narrow = trained(start)
    wide = grow(narrow, replace(start, **change))
    assert wide.config == replace(start, **change)
    assert largest_difference(narrow, wide) < 1e-4


@pytest.mark.parametrize("seed", range(2))
def test_any_widths_will_do(seed):
    random = torch.Generator().manual_seed(seed)

    def more(number: int) -> int:
        return number + int(torch.randint(0, 2 * number, (), generator=random))

    start = replace(SPEAKING_SMALL, full_width=4 * seed, residual_blocks=1 + seed)
    wanted = replace(
        start,
        widths=tuple(more(width) for width in start.widths),
        **{name: more(getattr(start, name)) for name in ("motion_width", "residual_blocks")},
    )
    narrow = trained(start)
    assert largest_difference(narrow, grow(narrow, wanted)) < 1e-4


def test_lite_weights_become_a_base_network_with_other_parts_at_once():
    narrow = trained()
    wanted = replace(SPEAKING_SMALL, **WIDE, candidates="shift")
    wide = grow(narrow, wanted)
    assert wide.config == wanted
    assert largest_difference(narrow, wide) < 0.004  # the refinement's, as above


@pytest.mark.skipif(not LITE.is_dir(), reason="no embedded weights")
def test_the_embedded_weights_fill_the_base_preset():
    narrow = OSTNet.from_pretrained(str(LITE))
    own = {name: getattr(narrow.config, name) for name in ADDS}
    wide = grow(narrow, replace(PRESETS["base-speaking"], **own))
    assert wide.config.widths == (64, 128, 256)
    assert largest_difference(narrow, wide, 256) < 1e-3


def test_copies_of_a_channel_learn_different_things():
    wide = grow(trained(SPEAKING_SMALL), replace(SPEAKING_SMALL, **WIDE))
    backward(wide)
    for name, narrow in (("encoder.down.1", 16), ("up.0", 12), ("residual.0.conv1", 16)):
        layer = wide.generator.get_submodule(name)
        kernel = next(part for part in layer.modules() if isinstance(part, torch.nn.Conv2d)).weight
        one, other = kernel.grad[:narrow].flatten(), kernel.grad[narrow : 2 * narrow].flatten()
        assert torch.nn.functional.cosine_similarity(one, other, dim=0) < 0.9


def test_an_added_block_learns_although_it_does_nothing_yet():
    wide = grow(trained(SPEAKING_SMALL), replace(SPEAKING_SMALL, residual_blocks=2))
    added = wide.generator.residual[0].conv2.weight
    assert not added.any()
    backward(wide)
    assert added.grad.abs().max() > 0


def test_a_configuration_of_the_first_edition_means_what_it_meant():
    later = {key for key in SPEAKING if key != "keypoints"}
    first = {k: v for k, v in PRESETS["lite"].to_dict().items() if k not in later}
    assert ModelConfig.from_dict(first) == PRESETS["lite"]
