"""The texts of switches and claims follow from the measurements of these weights alone."""

import json

import pytest

from ostnet.ui.measurements import (
    E,
    Measurements,
    claims,
    digest,
    embedding_effect,
    transform_effect,
)

HELPS = (
    ("different-scale", "full", E, 0.03, 0.02, 0.04),
    ("different-scale", "no_transform", E, 0.16, 0.15, 0.17),
    ("different-scale", "no_embedding", E, 0.035, 0.025, 0.045),
    ("different-scale", "neither", E, 0.16, 0.15, 0.17),
)


@pytest.fixture
def measured(tmp_path):
    """A function: rows (protocol, method, metric, value, low, high) -> measurements."""
    (tmp_path / "model.safetensors").write_bytes(b"weights")

    def make(*rows, weights=None) -> Measurements:
        names = ("protocol", "method", "metric", "value", "low", "high")
        document = {
            "settings": {"checkpoint": f"mine (sha256 {weights or digest(tmp_path)})"},
            "rows": [dict(zip(names, row, strict=False)) for row in rows],
        }
        (tmp_path / "metrics.json").write_text(json.dumps(document))
        return Measurements(tmp_path)

    return make


def test_a_switch_says_its_measured_effect(measured):
    opened = [("different-scale", "full", "mouth_slope", 0.8),
              ("different-scale", "no_embedding", "mouth_slope", 0.7)]  # fmt: skip
    made = measured(*HELPS, *opened)
    assert "3.0\u00a0% off with it, 17\u00a0% without" in transform_effect(made)
    said = embedding_effect(made)
    assert "no measurable difference" in said
    assert said.endswith("the driver's, mouths open 0.80 times as far with it, 0.70 without.")


def test_figures_of_other_weights_are_not_quoted(measured):
    other = measured(*HELPS, weights="0123456789ab")
    assert "not been measured" in transform_effect(other)
    assert claims(other) == ""


def test_claims_follow_the_measured_values(measured):
    assert "OSTNet keeps the portrait" in claims(measured(*HELPS))
    worse = ("different-scale", "full", E, 0.2, 0.18, 0.22)
    assert "does not keep the portrait" in claims(measured(worse, *HELPS[1:]))
    same = [("same-scale", "full", E, 0.03, 0.02, 0.04),
            ("same-scale", "no_transform", E, 0.01, 0, 0.02)]  # fmt: skip
    said = claims(measured(*same))
    assert "the face size is more accurate without the scale transformation" in said
    assert "same distance" in said and said.count("<dt>") == 2
