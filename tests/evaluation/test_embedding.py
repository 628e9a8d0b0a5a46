"""z switched off place by place: what must change, and what cannot."""

import numpy as np
import pytest
import torch
from small_models import SMALL, lively

from ostnet.evaluation.data.clips import read_clips
from ostnet.evaluation.data.pairs import draw_scales, same_identity
from ostnet.evaluation.protocols import embedding
from ostnet.evaluation.protocols.protocol import Context
from ostnet.model.generator import PLACES


@pytest.fixture(scope="module")
def frames(face_picture):
    return np.stack([face_picture(60 + 10 * t, 100) for t in range(3)])


def changes(model, frames):
    """Method -> largest difference to the picture of full, in grey levels."""
    images = embedding.toggled(
        model, frames[0], frames, {"z_unscaled": frames[::-1], "z_opposite": frames[[1, 0, 1]]}
    ).images
    full = images["full"].astype(int)
    return {name: np.abs(picture - full).max() for name, picture in images.items()}


def test_every_method_is_described_and_rendered(frames):
    assert list(changes(lively(), frames)) == list(embedding.METHODS)
    assert sorted(embedding.OFF.values()) == sorted(p for ps in PLACES.values() for p in ps)


def test_embedding_layers_of_zero_make_every_toggle_the_same_picture(frames):
    assert set(changes(lively(embedding=0), frames).values()) == {0}


@pytest.mark.parametrize("level", range(3))
@pytest.mark.parametrize("where", PLACES)
def test_a_toggle_acts_on_its_own_place_alone(frames, where, level):
    """All layers but one are zero: only switching that one off changes the picture."""
    model = lively(embedding=0)
    layer = getattr(model.generator, where)[level]
    torch.nn.init.constant_(layer.bias, 0.5)
    found = changes(model, frames)
    place = PLACES[where][level]
    assert found[f"z_off_{place}"] == found["no_embedding"] > 0
    assert all(found[name] == 0 for name, other in embedding.OFF.items() if other != place)
    assert found["z_zero"] == 0  # a bias needs no z


def test_another_code_gives_another_picture(frames):
    found = changes(lively(embedding=0.5), frames)
    assert found["z_zero"] > 0 and found["z_opposite"] > 0


def test_one_record_per_method_and_frame(data, reader):
    pairs = draw_scales(same_identity(read_clips(data)[:1], per_clip=2), seed=0)
    bench = Context(data, lively(SMALL, embedding=0), {}, [], reader)
    records = embedding.Embedding().measure(bench, pairs).records
    assert len(records) == 2 * len(embedding.METHODS)
    for name in ("change", "change_mouth", "change_eyes"):
        assert all(record[name] == 0 for record in records), name
    assert all(record["l1_mouth"] > 0 and record["l1_eyes"] > 0 for record in records)
    assert {(r["s_x"], r["s_y"]) for r in records} == {(p.s_x, p.s_y) for p in pairs}
