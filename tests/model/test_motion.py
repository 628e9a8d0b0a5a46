"""Flow, its refinement, windows of the picture, and the mixing in of the warped source."""

from dataclasses import replace

import pytest
import torch
from small_models import SMALL

from ostnet.config import SPEAKING
from ostnet.model.generator import FULL, Window
from ostnet.model.growth import open_mix
from ostnet.model.keypoints import soft_argmax
from ostnet.model.layers import (
    Resize,
    UpBlock,
    convolve_upsampled,
    fuse_upsampling,
    identity_grid,
    sample,
)
from ostnet.model.motion import (
    HEATMAP_VARIANCE,
    Motion,
    candidates,
    gaussian_maps,
    inside,
    roll_between,
)
from ostnet.model.ostnet import OSTNet

SPEAKER = replace(SMALL, **SPEAKING)


def speaker() -> OSTNet:
    """A random network with everything beyond the paper."""
    torch.manual_seed(0)
    model = OSTNet(SPEAKER).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def test_heat_maps_hold_no_denormal_numbers():
    """Which slow convolutions down, and change nothing."""
    points = torch.tensor([[[-1.0, -1.0], [0.3, 0.9]]])
    maps = gaussian_maps(points, 64, 64)
    assert maps.min() > 1e-30 and maps.max() <= 1
    x = torch.linspace(-1, 1, 64, dtype=torch.float64)
    across, down = ((x - place) ** 2 for place in points[0, 1].double())
    exact = torch.exp(-(down[:, None] + across) / 2 / HEATMAP_VARIANCE)
    torch.testing.assert_close(maps[0, 1].double(), exact, atol=1e-6, rtol=0)


def test_a_window_is_a_part_of_the_picture():
    """Away from its edge, where the convolutions see zeros in place of neighbours."""
    torch.manual_seed(1)
    model, source = speaker(), torch.rand(2, 3, 256, 256)
    with torch.inference_mode():
        state = model.encode(source)
        x = state.keypoints.flip(0)
        z = model.align(state.keypoints, x).z
        motion = model.move(state, x)
        whole = model.paint(state, motion, z)
        window = Window(torch.tensor([[0, 3], [8, 8]]), side=20)
        part = model.paint(state, motion, z, window=window)
    assert part.image.shape == (2, 3, 160, 160)
    warped = window.cut(whole.warped, FULL)
    torch.testing.assert_close(part.warped, warped)
    middle = slice(72, 88)
    expected = window.cut(whole.painted, FULL)[..., middle, middle]
    torch.testing.assert_close(part.painted[..., middle, middle], expected, atol=1e-4, rtol=0)


def test_the_result_is_the_mixture_at_any_size():
    model, source = speaker(), torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        state = model.encode(source)
        rendered = model.render(state, state.keypoints + 0.05, None)
        expected = rendered.mix * rendered.warped + (1 - rendered.mix) * rendered.painted
        torch.testing.assert_close(rendered.image, expected)
        torch.testing.assert_close(model.compose(rendered, source), rendered.image)
        assert model.compose(rendered, torch.rand(1, 3, 160, 160)).shape == (1, 3, 160, 160)


def test_pixels_of_a_sharper_portrait_reach_the_result():
    """Where the mixture takes the warped source, detail above the network's resolution stays."""
    model = speaker()
    stripes = (torch.arange(256) % 2).float().expand(1, 3, 256, 256)  # one pixel wide
    with torch.inference_mode():
        state = model.encode(torch.full((1, 3, 64, 64), 0.5))
        rendered = model.render(state, state.keypoints, None)
        rendered.mix, rendered.motion = torch.ones(1, 1, 64, 64), still(64)
        assert model.compose(rendered, stripes).std() > 0.4


def still(side: int) -> Motion:
    """No motion at all."""
    return Motion(identity_grid(side, side)[None], torch.ones(1, 1, side, side))


def test_a_convolution_before_upsampling_is_the_same_as_after():
    torch.manual_seed(2)
    block, x = UpBlock(5, 7).eval(), torch.randn(2, 5, 6, 9)
    plain = block(x)
    fuse_upsampling(block)
    assert block.fused
    torch.testing.assert_close(block(x), plain, atol=1e-5, rtol=1e-5)
    kernel = block.block[0].weight
    assert convolve_upsampled(x, kernel).shape == (2, 7, 12, 18)


def shifted(side: int, x: float) -> Motion:
    """Everything comes from ``x`` further right in the source."""
    flow = identity_grid(side, side)[None] + torch.tensor([x, 0.0])
    return Motion(flow, torch.ones(1, 1, side, side))


def test_inside_falls_to_zero_over_a_few_pixels_outside_the_source():
    found = inside(shifted(64, 0.5).flow, None, soft=4 / 63)[0, 0]
    expected = (1 - (identity_grid(64, 64)[..., 0] + 0.5 - 1).clamp(min=0) * 63 / 4).clamp(0, 1)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert (inside(shifted(64, 0.0).flow, None, soft=4 / 63) == 1).all()
    known = torch.tensor([[-1.0, -1.0, 1.6, 1.0]])  # more of the picture lies to the right
    assert (inside(shifted(64, 0.5).flow, known, soft=4 / 63) == 1).all()


@pytest.mark.parametrize("first_tap", ["features", "picture"])
def test_outside_the_source_nothing_of_it_is_used(first_tap):
    config = replace(SPEAKER, first_tap=first_tap, outside="painted")
    torch.manual_seed(0)
    model = OSTNet(config).eval()
    open_mix(model, 0.5)
    image, x = torch.rand(1, 3, 64, 64), torch.rand(1, 30, 2) - 0.5
    motion = shifted(64, 1.0)
    source = model.encoded(image, x)
    rendered = model.paint(source, motion, None)
    assert (rendered.mix[..., 40:] == 0).all() and (rendered.mix[..., :30] > 0).all()
    assert torch.equal(rendered.image[..., 40:], rendered.painted[..., 40:])
    moved = model.generator.warp(source, motion)
    for visible in moved.visible:
        side = visible.shape[-1]
        assert (visible[..., 5 * side // 8 :] == 0).all()
        assert (visible[..., : side // 2] > 0.99).all()
    larger = replace(source, bounds=torch.tensor([[-1.0, -1.0, 2.5, 1.0]]))
    assert (model.generator.warp(larger, motion).inside == 1).all()


def test_a_network_that_repeats_edges_uses_them_everywhere():
    torch.manual_seed(0)
    model = OSTNet(SPEAKER).eval()
    open_mix(model, 0.5)
    source = model.encoded(torch.rand(1, 3, 64, 64), torch.rand(1, 30, 2) - 0.5)
    moved = model.generator.warp(source, shifted(64, 1.0))
    assert moved.inside is None and all((visible > 0.99).all() for visible in moved.visible)
    assert (model.paint(source, shifted(64, 1.0), None).mix > 0).all()
    painting = OSTNet(replace(SPEAKER, outside="painted")).eval()
    painting.load_state_dict(model.state_dict())
    still = shifted(64, 0.0)
    same = painting.paint(source, still, None).image  # nothing comes from outside
    assert torch.equal(same, model.paint(source, still, None).image)


def test_resize_keeps_coordinates():
    """A ramp whose value is its coordinate stays one, at any size."""
    ramp = identity_grid(200, 256).permute(2, 0, 1)[None]
    small = Resize(64)(ramp)
    inner = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    expected = identity_grid(64, 64).permute(2, 0, 1)[None]
    torch.testing.assert_close(small[inner], expected[inner], atol=5e-4, rtol=0)


def test_resize_is_anti_aliased():
    stripes = (torch.arange(256) % 2).float().expand(1, 1, 256, 256)
    assert (Resize(64)(stripes)[..., 1:-1] - 0.5).abs().max() < 0.01


def test_soft_argmax_finds_the_peak():
    logits = torch.full((1, 1, 65, 33), -10.0)
    logits[0, 0, 48, 8] = 10.0
    torch.testing.assert_close(soft_argmax(logits, 0.1), torch.tensor([[[-0.5, 0.5]]]))


def test_a_keypoint_that_moved_brings_its_surroundings_along():
    """Candidate k shows at the driving keypoint what the source has at its keypoint."""
    x_source, x_driving = torch.tensor([[[-0.4, 0.2]]]), torch.tensor([[[0.3, -0.1]]])
    picture = gaussian_maps(x_source, 65, 65)
    flows = candidates(x_source, x_driving, 65, 65).flows(2)
    assert torch.equal(flows[:, 0], identity_grid(65, 65)[None])
    moved = sample(picture, flows[:, 1])
    torch.testing.assert_close(moved, gaussian_maps(x_driving, 65, 65), atol=0.03, rtol=0)


def test_what_follows_a_keypoint_rolls_as_the_head_does():
    """A head that rolls as a whole is followed everywhere, whichever keypoint is followed."""
    torch.manual_seed(0)
    angle = torch.tensor(0.4)
    roll = torch.tensor([[angle.cos(), angle.sin()], [-angle.sin(), angle.cos()]])
    x_driving = 0.5 * torch.randn(1, 9, 2)
    x_source = x_driving @ roll + torch.tensor([0.1, -0.2])
    torch.testing.assert_close(roll_between(x_source, x_driving)[0], roll)
    flows = candidates(x_source, x_driving, 33, 33, turn=True).flows(10)
    expected = identity_grid(33, 33) @ roll + torch.tensor([0.1, -0.2])
    torch.testing.assert_close(flows[0, 1:], expected.expand(9, -1, -1, -1), atol=1e-5, rtol=0)
    assert torch.equal(flows[:, 0], identity_grid(33, 33)[None])


def test_a_head_that_does_not_roll_is_shifted():
    x_driving = torch.tensor([[[-0.4, 0.2], [0.3, 0.1], [0.0, -0.3]]])
    x_source = 1.2 * x_driving + 0.1
    shifted = candidates(x_source, x_driving, 17, 17).flows(4)
    turned = candidates(x_source, x_driving, 17, 17, turn=True).flows(4)
    torch.testing.assert_close(turned, shifted, atol=1e-6, rtol=0)


def test_the_flow_is_the_mean_of_what_is_followed():
    torch.manual_seed(0)
    x_source, x_driving = torch.randn(2, 5, 2), torch.randn(2, 5, 2)
    weights = torch.randn(2, 9 * 9, 6).softmax(dim=-1)
    for turn in (False, True):
        followed = candidates(x_source, x_driving, 9, 9, turn)
        expected = torch.einsum("bpk,bkpc->bpc", weights, followed.flows(6).flatten(2, 3))
        torch.testing.assert_close(
            followed.mean(weights).flatten(1, 2), expected, atol=1e-6, rtol=1e-5
        )
