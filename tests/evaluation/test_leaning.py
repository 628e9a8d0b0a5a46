"""Clips whose face grows or shrinks after the first frame have rows of their own."""

import numpy as np
import pytest

from ostnet.evaluation.protocols.reconstruction import lean_rows, leaning
from ostnet.evaluation.report.tables import Measured


def clip(person, size, method="full", akd=(1.0, 1.0, 1.0), first=0):
    """Three frames in which the face is (x, y) times as large as in the source."""
    return [
        {
            "method": method,
            "pair": first + i,
            "person": person,
            "source": person,
            "driving": person,
            "akd": value,
            "lean_x": np.log(size[0]),
            "lean_y": np.log(size[1]),
        }
        for i, value in enumerate(akd)
    ]


def rows(records):
    measured = Measured(None, records, [], {"protocol": "same-scale"}, {"landmarker": "l 1"})
    return {(row["method"], row["metric"]): row for row in lean_rows(measured)}


@pytest.mark.parametrize(
    ("size", "counts"),
    [((1.04, 1), True), ((1, 0.96), True), ((1.02, 0.98), False), ((np.nan, np.nan), False)],
)
def test_a_clip_counts_from_three_percent_along_either_axis(size, counts):
    assert bool(leaning(clip("ann", size))) == counts


def test_a_single_frame_nearer_does_not_count():
    records = clip("ann", (1, 1))
    records[2]["lean_x"] = 0.5
    assert leaning(records) == []


def test_akd_is_taken_on_leaning_clips_and_held_against_no_transform():
    records = [
        *clip("ann", (1.1, 1.1), akd=(2.0, 4.0, 3.0)),
        *clip("ann", (1.1, 1.1), "no_transform", (1.0, 2.0, np.nan)),
        *clip("bob", (1.0, 1.0), akd=(9.0,) * 3, first=3),
        *clip("bob", (1.0, 1.0), "no_transform", (9.0,) * 3, first=3),
    ]
    found = rows(records)
    assert found["full", "akd_leaning"]["value"] == pytest.approx(3)
    assert found["full", "akd_leaning"]["frames"] == 3
    ratio = found["full", "akd_leaning_over_no_transform"]
    assert ratio["value"] == pytest.approx(2) and ratio["failures"] == 1  # both faces are needed
    assert found["no_transform", "akd_leaning_over_no_transform"]["value"] == pytest.approx(1)


def test_without_a_clip_that_leans_the_rows_say_so():
    found = rows(clip("bob", (1, 1)))
    row = found["full", "akd_leaning"]
    assert row["value"] is None and row["frames"] == 0 and "leans" in row["reason"]
