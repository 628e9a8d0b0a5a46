"""A grown network computes what it grew from, and has new parts that can learn."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from small_models import SMALL

from ostnet.config import PRESETS, SPEAKING, ModelConfig
from ostnet.landmarks import KEYPOINTS
from ostnet.model.growth import grow, open_mix, parents
from ostnet.model.ostnet import OSTNet

KNOWN = replace(SMALL, keypoints=15)
WANTED = replace(KNOWN, **SPEAKING)


@pytest.fixture
def trained() -> OSTNet:
    """A network whose every part does something."""
    torch.manual_seed(0)
    model = OSTNet(KNOWN).eval()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point() and not name.endswith("running_var"):
                value.add_(0.05 * torch.randn_like(value))
    return model


@pytest.fixture
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    """Smooth source and driving pictures (2, 3, 64, 64)."""
    coarse = torch.rand(2, 2, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    source, driving = (F.interpolate(part, 64, mode="bicubic").clamp(0, 1) for part in coarse)
    return source, driving


@pytest.mark.parametrize("transform", [True, False])
@pytest.mark.parametrize("embedding", [True, False])
def test_the_same_picture_before_and_after(trained, pictures, transform, embedding):
    wanted = replace(WANTED, candidates="shift")  # turning ones move the picture where heads roll
    grown = grow(trained, wanted)
    assert grown.config == wanted and len(grown.keypoints(pictures[0])[0]) == 30
    with torch.inference_mode():
        before = trained(*pictures, transform, embedding)
        after = grown(*pictures, transform, embedding)
    # 1/255 at most, as the refinement takes the flow to twice the size before anything is moved
    torch.testing.assert_close(after.image, before.image, atol=0.004, rtol=0)
    z = before.reading.alignment.z
    torch.testing.assert_close(after.reading.alignment.z, z, atol=1e-5, rtol=1e-5)


def test_every_new_part_can_learn(trained, pictures):
    grown = grow(trained, WANTED)
    open_mix(grown)
    known, grown_state = trained.state_dict(), grown.state_dict()
    output = grown(*pictures)
    (output.image - pictures[1]).abs().mean().backward()
    fresh = [
        name for name, p in grown.named_parameters() if name not in known and p.grad.abs().max() > 0
    ]
    assert "motion.refinement.head.weight" in fresh  # the layers below it learn once it is not 0
    for name in ("detector.hourglass.down.0.block.0.weight", "generator.head.0.weight"):
        old, new = known[name].shape, grown_state[name].shape
        gradient = dict(grown.named_parameters())[name].grad
        assert new > old and gradient[old[0] :].numel() + gradient[:, old[1] :].numel() > 0
        assert torch.cat([gradient[old[0] :].flatten(), gradient[:, old[1] :].flatten()]).any()


def test_a_new_keypoint_begins_as_its_neighbour():
    names = list(KEYPOINTS)
    origin = [names[index] for index in parents(15, 30)]
    assert origin[:15] == names[:15]
    assert origin[names.index("lid_upper_left")] == "iris_left"
    assert origin[names.index("lip_inner_lower")] == "lip_lower"


@pytest.mark.parametrize(
    "change", [{"first_tap": "picture"}, {"full_width": 8}, {"hourglass_blocks": 4}]
)
def test_what_cannot_grow_is_refused(trained, change):
    with pytest.raises(ValueError, match=f"{next(iter(change))}: found .* expected the same"):
        grow(trained, replace(WANTED, **change))


def test_the_presets_differ_in_what_speaking_means():
    changed = replace(PRESETS["lite"], **SPEAKING)
    assert PRESETS["lite-speaking"] == changed != PRESETS["lite"]


def test_a_configuration_of_the_first_edition_means_what_it_meant():
    later = {key for key in SPEAKING if key != "keypoints"}
    first = {k: v for k, v in PRESETS["lite"].to_dict().items() if k not in later}
    assert ModelConfig.from_dict(first) == PRESETS["lite"]
