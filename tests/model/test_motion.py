"""Flow, its refinement, windows of the picture, and the mixing in of the warped source."""

from dataclasses import replace

import pytest
import torch
from small_models import SMALL

from ostnet.config import SPEAKING
from ostnet.model.generator import FULL, Window
from ostnet.model.growth import open_mix
from ostnet.model.layers import UpBlock, convolve_upsampled, fuse_upsampling, identity_grid
from ostnet.model.motion import HEATMAP_VARIANCE, Motion, gaussian_maps, inside
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


def test_a_motion_means_the_same_at_every_size():
    motion = Motion(identity_grid(8, 8)[None] + 0.1, torch.full((1, 1, 8, 8), 0.25))
    for side in (4, 8, 32):
        expected = identity_grid(side, side)[None] + 0.1
        torch.testing.assert_close(motion.flow_at(side, side), expected, atol=1e-5, rtol=0)
        occlusion = motion.occlusion_at(side, side)
        torch.testing.assert_close(occlusion, torch.full((1, 1, side, side), 0.25))


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
