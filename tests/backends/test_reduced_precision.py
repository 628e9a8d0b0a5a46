"""Networks in bfloat16 and 8 bits: which parts, and how exact they are."""

import json
from dataclasses import replace

import pytest
import torch
from small_models import SMALL, calibrated_checkpoint, lively, smooth

from ostnet import Animator, OSTNet
from ostnet.backends import load_backend, usable
from ostnet.backends.reduced_precision import (
    InBfloat16,
    Rounded,
    in_int8,
    observed,
    with_bfloat16_motion,
    with_int8,
)
from ostnet.errors import InputError
from ostnet.hub import embedded
from ostnet.model.layers import UpBlock, conv_block
from ostnet.model.ranges import NAME, Ranges

CPU = torch.device("cpu")
needs_int8 = pytest.mark.skipif("openvino-int8" not in usable(CPU), reason="no OpenVINO on x86")


def test_a_convolution_takes_rounded_values_of_known_range():
    convolution = torch.nn.Conv2d(2, 3, 3, padding=1)
    maps = torch.rand(1, 2, 16, 16) * torch.tensor([4.0, 1.0])[:, None, None] - 1
    rounded = Rounded(convolution, torch.tensor([-1.0, -1.0]), torch.tensor([3.0, 0.0]))
    exact, found = convolution(maps), rounded(maps)
    assert 0 < (found - exact).abs().mean() < 0.02 * exact.abs().mean()
    beyond, further = maps.clone(), maps.clone()
    beyond[:, 0], further[:, 0] = 100, 200  # both are taken for the greatest value that is known
    torch.testing.assert_close(rounded(beyond), rounded(further))


def test_a_convolution_whose_input_was_always_zero_still_gives_numbers():
    rounded = Rounded(torch.nn.Conv2d(2, 3, 1), torch.zeros(2), torch.zeros(2))
    assert rounded(torch.zeros(1, 2, 4, 4)).isfinite().all()


def test_decoder_and_refinement_are_rounded_but_up_blocks_and_coordinates(model):
    rounded = with_int8(model)
    names = {name for name, part in rounded.named_modules() if isinstance(part, Rounded)}
    assert names == set(in_int8(model)) == set(model.ranges.inputs)
    assert not any(name.startswith(("detector", "scale", "motion.hourglass")) for name in names)
    assert not any(isinstance(part.block[0], Rounded) for part in rounded.modules()
                   if isinstance(part, UpBlock))  # fmt: skip


@torch.inference_mode()
def test_pictures_and_flows_stay_where_they_were(model):
    rounded = with_int8(model)
    source, driving = smooth(2, seed=5)[:, None]
    exact, found = model(source, driving), rounded(source, driving)
    torch.testing.assert_close(found.reading.x_rectified, exact.reading.x_rectified)
    assert 0 < 255 * (found.image - exact.image).abs().mean() < 1
    flow, expected = found.rendered.motion.flow, exact.rendered.motion.flow
    assert (flow - expected).abs().mean() < 0.004  # a quarter of a pixel of 128


@pytest.mark.parametrize("reduced", [with_int8, with_bfloat16_motion])
def test_the_model_itself_is_left_as_it_was(model, reduced):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    reduced(model)
    torch.testing.assert_close(model.state_dict(), before, atol=0, rtol=0)


def test_ranges_hold_what_was_seen():
    model = lively(replace(SMALL, residual_blocks=2))
    first, second, third = smooth(3, seed=6)[:, None]
    of_one = observed(model, [(first, second)], "one pair")
    of_both = observed(model, [(first, second), (first, third)], "two pairs")
    assert of_one.seen == "one pair" and of_one.inputs.keys() == of_both.inputs.keys()
    for name, (low, high) in of_both.inputs.items():
        assert all(a <= b for a, b in zip(low, of_one.inputs[name][0], strict=True))
        assert all(a >= b for a, b in zip(high, of_one.inputs[name][1], strict=True))


def test_ranges_go_with_the_weights(tmp_path):
    model = OSTNet.from_pretrained(str(calibrated_checkpoint(tmp_path)))
    assert model.ranges is not None
    with_int8(model)
    model.save_pretrained(tmp_path / "copy")
    assert OSTNet.from_pretrained(str(tmp_path / "copy")).ranges == model.ranges


def test_ranges_of_other_weights_are_not_used(small):
    model = small()
    torch.nn.init.normal_(model.generator.head[-2].weight)
    with pytest.raises(ValueError, match="found the ranges.json of other weights; make it with"):
        with_int8(model)
    model.ranges = None
    with pytest.raises(ValueError, match=r"found no ranges.json; make it with ostnet calibrate"):
        with_int8(model)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"weights": "a", "seen": "b", "inputs": 3}', "[" * 100_000]
    + [
        json.dumps({"weights": "a", "seen": "b", "inputs": {"c": pair}})
        for pair in ([[1.0], [0.0]], [[0.0], [1.0, 2.0]], [[], []], [[0.0], [float("nan")]], 7)
    ],
)
def test_a_broken_file_of_ranges_is_named(text, tmp_path):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(InputError, match=r"ranges\.json: not a readable file of ranges"):
        Ranges.beside(tmp_path)


@needs_int8
def test_weights_without_ranges_are_computed_in_single_precision(small, tmp_path):
    model = lively()
    assert "openvino-int8" not in usable(CPU, model)
    with pytest.raises(InputError, match=r"openvino-int8 needs an x86 CPU, and ranges.json"):
        load_backend(model, "openvino-int8", CPU)
    model.save_pretrained(tmp_path)
    assert "openvino-int8" not in usable(CPU, tmp_path)
    assert "openvino-int8" in usable(CPU, small())


@needs_int8
def test_the_embedded_weights_have_ranges_of_their_own():
    assert Animator(embedded().folder, "cpu", "openvino-int8").backend == "openvino-int8"


@torch.inference_mode()
def test_flows_in_bfloat16_stay_where_they_were(model):
    reduced = with_bfloat16_motion(model)
    source, driving = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    state = model.encode(source)
    x_driving = model.keypoints(driving)
    torch.testing.assert_close(reduced.keypoints(driving), x_driving, atol=1e-5, rtol=0)
    expected, found = (network.move(state, x_driving) for network in (model, reduced))
    assert found.flow.dtype == found.occlusion.dtype == torch.float32
    assert 0 < (found.flow - expected.flow).abs().mean() < 0.004  # a quarter of a pixel of 128


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_kernels_are_stored_in_the_plain_order(layout):
    block = conv_block(8, 8).to(memory_format=layout)
    convolution, norm, _ = InBfloat16(block).network
    assert convolution.weight.is_contiguous() and convolution.weight.dtype == torch.bfloat16
    assert isinstance(norm, torch.nn.Identity)
