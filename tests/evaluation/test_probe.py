"""The hooks read the decoder's levels, and leave the generator as it was."""

from dataclasses import replace

import numpy as np
import pytest
from small_models import SMALL, lively

from ostnet.config import ModelConfig
from ostnet.evaluation.data.clips import read_clips
from ostnet.evaluation.data.pairs import Pair
from ostnet.evaluation.protocols import decoder_probe
from ostnet.evaluation.protocols.protocol import Context


@pytest.fixture(scope="module")
def frames(face_picture):
    return np.stack([face_picture(60 + 10 * t, 100) for t in range(3)])


def test_every_level_is_read_in_every_variant(frames):
    model = lively()
    found = decoder_probe.features_of(model, frames[0], frames)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert set(decoder_probe.REFERENCES) < set(found)
    half, quarter, eighth = SMALL.widths
    sizes = {"warped 1/8": eighth, "residual": eighth, "level 1/8": eighth, "level 1/4": quarter,
             "level 1/2": half, "before picture": half}  # fmt: skip
    assert list(sizes) == list(decoder_probe.LEVELS)
    for variant in ("full", "no_transform", "no_embedding", "neither"):
        for level, channels in sizes.items():
            assert found[f"{variant}/{level}"].shape == (3, 2 * channels)


def test_z_enters_where_it_is_added(frames):
    found = decoder_probe.features_of(lively(embedding=0.5), frames[0], frames)
    assert np.abs(found["full/warped 1/8"] - found["no_embedding/warped 1/8"]).max() > 1e-3
    still = decoder_probe.features_of(lively(embedding=0), frames[0], frames)
    for level in decoder_probe.LEVELS:
        assert np.array_equal(still[f"full/{level}"], still[f"no_embedding/{level}"])


def test_relative_features_are_none_where_the_source_drives_itself(data, reader):
    clip = read_clips(data)[0]
    pair = Pair(0, clip.person, clip.file, 0, clip.file, 0)
    bench = Context(data, lively(), {}, [], reader)
    arrays = decoder_probe.DecoderProbe().measure(bench, [pair, replace(pair, s_x=1.2)]).arrays
    relative = {
        name: rows for name, rows in arrays.items() if name.startswith(decoder_probe.RELATIVE)
    }
    assert len(relative) == len(arrays) // 2
    for itself, scaled in relative.values():
        assert itself == pytest.approx(0, abs=1e-3)
        assert np.abs(scaled).max() > 0


def test_a_full_width_head_is_read_before_its_last_convolution(frames):
    model = lively(ModelConfig(**{**SMALL.to_dict(), "full_width": 6}))
    found = decoder_probe.features_of(model, frames[0], frames[:1])
    assert found["full/before picture"].shape == (1, 12)
    assert found["full/level 1/2"].shape == (1, 2 * SMALL.widths[0])
