"""Resizing, keypoints and dense motion keep the coordinate convention."""

import torch

from ostnet.model.keypoints import soft_argmax
from ostnet.model.layers import Resize, identity_grid, sample
from ostnet.model.motion import candidates, gaussian_maps, roll_between


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


def test_gaussian_peaks_at_the_keypoint():
    heat = gaussian_maps(torch.tensor([[[0.5, -0.5]]]), 65, 65)
    assert heat[0, 0, 16, 48] == heat.max() == 1


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
