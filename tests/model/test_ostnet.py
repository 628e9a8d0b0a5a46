"""The whole network: toggles, sizes, saving and strict loading."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import SMALL, lively, smooth

from ostnet import InputError, OSTNet
from ostnet.config import PRESETS, ModelConfig
from ostnet.model.generator import PLACES
from ostnet.model.layers import identity_grid
from ostnet.model.motion import Motion


def trained_like(config: ModelConfig = SMALL) -> OSTNet:
    return lively(config, scale=0.3, embedding=0.3)


def pictures(batch: int = 2, height: int = 64, width: int = 64):
    generator = torch.Generator().manual_seed(1)
    shape = (batch, 3, height, width)
    return torch.rand(shape, generator=generator), torch.rand(shape, generator=generator)


@pytest.mark.parametrize("preset", ["lite", "base"])
def test_presets_keep_their_budgets(preset):
    limits = {"lite": (8e6, 16e6), "base": (12e6, 24e6)}
    parameters, file_bytes = limits[preset]
    model = OSTNet(PRESETS[preset])
    count = sum(p.numel() for p in model.parameters())
    assert count <= parameters and 2 * count < file_bytes


def test_a_fresh_model_measures_scale_one_and_leaves_the_driving_frame_alone():
    source, driving = pictures()
    output = OSTNet(SMALL).eval()(source, driving)
    torch.testing.assert_close(output.reading.alignment.scale, torch.ones(2, 2), atol=1e-5, rtol=0)
    torch.testing.assert_close(output.reading.rectified, driving, atol=1e-5, rtol=0)


@pytest.mark.parametrize("config", [SMALL, ModelConfig(**{**SMALL.to_dict(), "full_width": 6})])
@pytest.mark.parametrize("shape", [(1, 64, 64), (2, 96, 64), (3, 128, 128)])
def test_any_batch_and_any_multiple_of_sixteen(config, shape):
    source, driving = pictures(*shape)
    output = trained_like(config)(source, driving)
    assert output.image.shape == output.reading.rectified.shape == source.shape
    assert output.source.keypoints.shape == (shape[0], 15, 2)
    assert output.image.min() >= 0 and output.image.max() <= 1


def test_a_size_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="found 70 x 64 pixels, expected multiples of 16"):
        trained_like()(*pictures(1, 70, 64))


def test_toggles_change_what_they_should_and_nothing_else():
    model, (source, driving) = trained_like(), pictures()
    full, no_embedding, no_transform, neither = (
        model(source, driving, *flags)
        for flags in ((True, True), (True, False), (False, True), (False, False))
    )
    assert torch.equal(no_transform.reading.rectified, driving)
    assert torch.equal(no_transform.reading.x_rectified, no_transform.reading.x_driving)
    assert torch.equal(full.reading.rectified, no_embedding.reading.rectified)
    assert torch.equal(full.rendered.motion.flow, no_embedding.rendered.motion.flow)
    assert torch.equal(no_transform.rendered.motion.flow, neither.rendered.motion.flow)
    for other in (no_embedding, no_transform, neither):
        assert torch.equal(other.reading.alignment.z, full.reading.alignment.z)
        assert (other.image - full.image).abs().max() > 1e-3
    assert (neither.image - no_transform.image).abs().max() > 1e-3


@pytest.mark.parametrize("given", [False, True])
def test_a_canvas_that_repeats_the_edge_changes_nothing(given):
    model = trained_like(replace(SMALL, mix=True))
    wider = OSTNet(replace(model.config, reach=1.5)).eval()
    wider.load_state_dict(model.state_dict())
    source, driving = smooth(2, seed=1)[:1], smooth(2, seed=1)[1:]
    expected = model(source, driving)
    edge = torch.nn.functional.pad(source, (16,) * 4, mode="replicate") if given else None
    state = wider.encode(source, edge)
    assert state.canvas.shape == (1, 3, 96, 96)
    reading = wider.read(state, driving)
    found = wider.render(state, reading.x_rectified, reading.alignment.z)
    torch.testing.assert_close(found.image, expected.image, atol=1e-4, rtol=0)


def test_what_lies_around_the_square_is_reached_by_the_motion():
    model = trained_like(replace(SMALL, mix=True, reach=1.5, outside="painted"))
    canvas = torch.zeros(1, 3, 96, 96)
    canvas[..., 80:] = 1  # right of the square
    source = model.encode(canvas[..., 16:80, 16:80], canvas)
    flow = identity_grid(32, 32)[None] + torch.tensor([0.5, 0.0])
    motion = Motion(flow, torch.ones(1, 1, 32, 32))
    rendered = model.paint(source, motion, None)
    assert (rendered.warped[..., :47] == 0).all() and (rendered.warped[..., 49:] == 1).all()
    assert (rendered.mix[..., 52:] == 0).all()  # not said to be known
    known = replace(source, bounds=torch.tensor([[-1.0, -1.0, 1.5, 1.0]]))
    assert (model.paint(known, motion, None).mix > 0).all()
    larger = torch.nn.functional.interpolate(canvas, scale_factor=2)
    made = model.compose(replace(rendered, mix=torch.ones(1, 1, 64, 64)), larger, (128, 128))
    assert (made[..., :94] == 0).all() and (made[..., 98:] == 1).all()
    with pytest.raises(ValueError, match=r"around: found \(64, 64\) pixels, expected \(96, 96\)"):
        model.encode(source.image, source.image)


def test_the_source_is_encoded_without_the_driving_frame():
    model, (source, driving) = trained_like(), pictures()
    with torch.inference_mode():
        state = model.encode(source[:1])
        x_driving = model.keypoints(driving)
        alignment = model.align(state.keypoints.expand(2, -1, -1), x_driving)
        x_rectified = model.keypoints(model.rectify(driving, alignment.fiducials))
        cached = model.render(state.expand(2), x_rectified, alignment.z).image
        whole = model(source[:1].expand(2, -1, -1, -1), driving).image
    torch.testing.assert_close(cached, whole, atol=1e-5, rtol=0)


def test_gate_switches_the_embedding_row_by_row():
    model, (source, driving) = trained_like(), pictures()
    state, x = model.encode(source), model.keypoints(driving)
    z = model.align(state.keypoints, x).z
    gated = model.render(state, x, z, gate=torch.tensor([1.0, 0.0])).image
    torch.testing.assert_close(gated[:1], model.render(state, x, z).image[:1])
    torch.testing.assert_close(gated[1:], model.render(state, x, None).image[1:])


def test_z_can_be_given_to_some_places_only():
    model, (source, driving) = trained_like(), pictures()
    state, x = model.encode(source), model.keypoints(driving)
    motion = model.move(state, x)
    z = model.align(state.keypoints, x).z

    def picture(places):
        return model.paint(state, motion, z, places=places).image

    names = [name for names in PLACES.values() for name in names]
    assert torch.equal(picture(names), model.paint(state, motion, z).image)
    assert torch.equal(picture(()), model.paint(state, motion, None).image)
    single = [picture({name}) for name in names]
    assert len({tuple(p.flatten().tolist()) for p in [*single, picture(())]}) == 7


def test_a_part_removed_by_the_configuration_is_gone_for_good():
    values = SMALL.to_dict()
    source, driving = pictures()
    bare = trained_like(ModelConfig(**{**values, "with_scale_embedding": False}))
    assert not any(name.startswith("generator.embed") for name in bare.state_dict())
    assert torch.equal(bare(source, driving).image, bare(source, driving, True, False).image)
    still = trained_like(ModelConfig(**{**values, "with_scale_transform": False}))
    assert torch.equal(still(source, driving).reading.rectified, driving)


def test_saved_weights_load_again(tmp_path):
    model, (source, driving) = trained_like(), pictures()
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["widths"] == [8, 12, 16]
    names = set(load_file(tmp_path / "model.safetensors"))
    assert not any("grid" in name or name == "scale.affine" for name in names)
    again = OSTNet.from_pretrained(str(tmp_path))
    assert not again.training
    # half precision on disk
    torch.testing.assert_close(
        again(source, driving).image, model(source, driving).image, atol=5e-3, rtol=0
    )


def test_weights_that_do_not_fit_are_named(tmp_path):
    trained_like().save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    tensors["stranger"] = tensors.pop("scale.head.bias")
    tensors["scale.head.weight"] = torch.zeros(3, 3)
    save_file(tensors, path)
    with pytest.raises(InputError) as error:
        OSTNet.from_pretrained(str(tmp_path))
    for part in (
        "missing scale.head.bias",
        "unexpected stranger",
        "scale.head.weight has shape (3, 3), expected (24, 128)",
    ):
        assert part in str(error.value)


def test_half_precision_keeps_coordinates_exact():
    model, (source, driving) = trained_like(), pictures()
    with torch.autocast("cpu", torch.bfloat16):
        output = model(source, driving)
    flow = output.rendered.motion.flow
    assert output.reading.x_driving.dtype == flow.dtype == output.image.dtype == torch.float32


def test_each_of_the_six_places_carries_the_code():
    model, (source, driving) = trained_like(), pictures()
    reference = model(source, driving).image
    for where in (model.generator.embed_taps, model.generator.embed_levels):
        assert len(where) == 3
        for layer in where:
            saved = [p.clone() for p in layer.parameters()]
            with torch.no_grad():
                for parameter in layer.parameters():
                    parameter.zero_()
                assert (model(source, driving).image - reference).abs().max() > 1e-4
                for parameter, value in zip(layer.parameters(), saved, strict=True):
                    parameter.copy_(value)
