"""A perfect generator scores perfectly, one that copies the source scores as it must."""

import numpy as np
import pytest

from ostnet.evaluation.data.clips import load_frames, read_clips
from ostnet.evaluation.data.pairs import cross_identity, draw_scales, same_identity
from ostnet.evaluation.method_pictures import Generated
from ostnet.evaluation.protocols import protocol
from ostnet.evaluation.protocols.cross_identity import CrossIdentity
from ostnet.evaluation.protocols.protocol import Context
from ostnet.evaluation.protocols.reconstruction import DifferentScale


@pytest.fixture
def bench(data, model, reader):
    return Context(data, model, {}, ["full", "copy_source"], reader, lineage=True)


def stand_in(monkeypatch, make):
    """Replace the network's part by ``make(source, driving) -> {method: images}``."""

    def generate(model, source, driving, names, anchor=0, first_second=None):
        return Generated(make(source, driving), {"full": np.full((len(driving), 2), 1.1)}, {})

    monkeypatch.setattr(protocol, "generate", generate)


def by_method(result, method):
    return [record for record in result.records if record["method"] == method]


def test_a_perfect_generator_scores_perfectly(bench, data, monkeypatch):
    pairs = same_identity(read_clips(data)[:1], per_clip=3)
    truth = np.stack(load_frames(data / pairs[0].driving, [p.frame for p in pairs]))
    stand_in(monkeypatch, lambda source, driving: {"full": truth})
    records = DifferentScale().measure(bench, pairs).records
    assert len(records) == 3
    for record in records:
        assert record["l1"] == 0 and record["psnr"] == np.inf and record["ssim"] == 1
        assert record["akd"] == 0 and record["scale_error"] == 0 and record["prmse_pnp68"] == 0


def test_copying_the_source_costs_the_motion_and_the_growth(bench, data, monkeypatch):
    """The face of the miniature grows from 80 to 108 pixels wide and keeps its height."""
    pairs = same_identity(read_clips(data)[:1], per_clip=1)
    stand_in(monkeypatch, lambda source, driving: {"copy_source": np.stack([source])})
    (record,) = DifferentScale().measure(bench, pairs).records
    assert record["scale_error_x"] == pytest.approx(np.log(107 / 79), abs=0.02)
    assert record["scale_error_y"] == pytest.approx(0, abs=0.02)
    assert record["scale_error"] == record["scale_error_x"]
    assert record["akd"] > 5
    assert record["psnr_lineage"] == pytest.approx(record["psnr"] + 6.0206, abs=1e-3)
    assert np.isnan(record["module_scale_error_x"])


def test_the_module_is_held_against_the_known_scale(bench, data, monkeypatch):
    pairs = draw_scales(same_identity(read_clips(data)[:1], per_clip=2), seed=0)
    stand_in(monkeypatch, lambda source, driving: {"full": driving})
    for record, pair in zip(DifferentScale().measure(bench, pairs).records, pairs, strict=True):
        assert record["module_scale_error_x"] == pytest.approx(abs(np.log(1.1 / pair.s_x)))
        # a generator that hands the driving frame through shows the driver's scale
        assert record["scale_error_x"] == pytest.approx(abs(np.log(pair.s_x)), abs=0.03)


def test_a_lost_face_is_missing_not_skipped(bench, data, monkeypatch):
    pairs = same_identity(read_clips(data)[:1], per_clip=2)

    def make(source, driving):
        images = driving.copy()
        images[1] = 0
        return {"full": images}

    stand_in(monkeypatch, make)
    found, lost = DifferentScale().measure(bench, pairs).records
    assert np.isfinite(found["akd"]) and np.isnan(lost["akd"])
    assert np.isnan(lost["scale_error"]) and np.isfinite(lost["l1"])
    assert lost["no_face"] == 1 and np.isnan(lost["mouth_output"])


def test_across_identities_a_copy_is_the_source_and_the_driver_is_not(bench, data, monkeypatch):
    pairs = cross_identity(read_clips(data), per_clip=2)[:2]
    stand_in(
        monkeypatch,
        lambda source, driving: {"full": driving, "copy_source": np.stack([source] * 2)},
    )
    result = CrossIdentity().measure(bench, pairs)
    for record in by_method(result, "copy_source"):
        assert record["csim_dlib"] == pytest.approx(1) and record["nearer_source_dlib"] == 1
        assert record["scale_error"] == 0 and record["scale_error_matched"] == 0
    for record in by_method(result, "full"):
        assert record["nearer_source_dlib"] == 0
        assert record["mouth_output"] == record["mouth_driver"]
        assert record["eyelid_output"] == record["eyelid_driver"]
        assert record["no_face"] == 0
