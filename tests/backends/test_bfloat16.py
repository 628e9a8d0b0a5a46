"""Dense motion in bfloat16: which parts, and that they still say where pixels come from."""

import pytest
import torch

from ostnet.backends.reduced_precision import InBfloat16, with_bfloat16_motion
from ostnet.model.layers import conv_block


@torch.inference_mode()
def test_flows_stay_where_they_were(model):
    reduced = with_bfloat16_motion(model)
    source, driving = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    state = model.encode(source)
    x_driving = model.keypoints(driving)
    torch.testing.assert_close(reduced.keypoints(driving), x_driving, atol=1e-5, rtol=0)
    expected, found = (network.move(state, x_driving) for network in (model, reduced))
    assert found.flow.dtype == found.occlusion.dtype == torch.float32
    assert 0 < (found.flow - expected.flow).abs().mean() < 0.004  # a quarter of a pixel of 128


def test_the_model_itself_is_left_as_it_was(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with_bfloat16_motion(model)
    torch.testing.assert_close(model.state_dict(), before, atol=0, rtol=0)


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_kernels_are_stored_in_the_plain_order(layout):
    block = conv_block(8, 8).to(memory_format=layout)
    convolution, norm, _ = InBfloat16(block).network
    assert convolution.weight.is_contiguous() and convolution.weight.dtype == torch.bfloat16
    assert isinstance(norm, torch.nn.Identity)
