"""What switches and claims say follows from the measurements, and only from these weights'."""

import json

import pytest

from ostnet.ui import measurements
from ostnet.ui.measurements import E, Measurements, claims, digest


@pytest.fixture
def measured(tmp_path):
    """A function: rows (protocol, method, value, low, high) of E -> measurements."""
    (tmp_path / "model.safetensors").write_bytes(b"weights")

    def make(*rows, weights=None) -> Measurements:
        document = {
            "settings": {"checkpoint": f"mine (sha256 {weights or digest(tmp_path)})"},
            "rows": [
                {"protocol": protocol, "method": method, "metric": E, "value": value,
                 "low": low, "high": high, "frames": 40}
                for protocol, method, value, low, high in rows
            ],
        }  # fmt: skip
        (tmp_path / "metrics.json").write_text(json.dumps(document))
        return Measurements(tmp_path)

    return make


HELPS = (
    ("different-scale", "full", 0.03, 0.02, 0.04),
    ("different-scale", "no_transform", 0.16, 0.15, 0.17),
    ("different-scale", "no_embedding", 0.035, 0.025, 0.045),
    ("different-scale", "neither", 0.16, 0.15, 0.17),
)


def test_a_switch_says_its_measured_effect(measured):
    said = measurements.transform_effect(measured(*HELPS))
    assert "3.0\u00a0% off with it, 17\u00a0% without" in said


def test_a_switch_without_effect_says_so(measured):
    assert "no measurable difference" in measurements.embedding_effect(measured(*HELPS))


def test_the_embedding_also_says_what_it_does_to_mouths(measured, tmp_path):
    measured(*HELPS)
    document = json.loads((tmp_path / "metrics.json").read_text())
    for method, value in (("full", 0.8), ("no_embedding", 0.7)):
        row = {"protocol": "different-scale", "method": method, "metric": "mouth_slope"}
        document["rows"].append(row | {"value": value})
    (tmp_path / "metrics.json").write_text(json.dumps(document))
    said = measurements.embedding_effect(Measurements(tmp_path))
    assert said.endswith(
        "Against the driver's, mouths open 0.80 times as far with it, 0.70 without."
    )


def test_figures_of_other_weights_are_not_quoted(measured):
    other = measured(*HELPS, weights="0123456789ab")
    assert "not been measured" in measurements.transform_effect(other)
    assert claims(other) == ""


def test_a_claim_turns_when_its_figures_turn(measured):
    assert "OSTNet keeps the portrait" in claims(measured(*HELPS))
    worse = ("different-scale", "full", 0.2, 0.18, 0.22)
    assert "does not keep the portrait" in claims(measured(worse, *HELPS[1:]))


def test_where_no_scale_differs_the_better_one_is_named(measured):
    rows = (("same-scale", "full", 0.03, 0.02, 0.04), ("same-scale", "no_transform", 0.01, 0, 0.02))
    said = claims(measured(*rows))
    assert "leaving the scale transformation out is nearer" in said
    assert "same distance" in said and said.count("<dt>") == 2
