"""Numbers on the page follow from the trace by their definitions."""

import math

import pytest

from ostnet.ui import charts


def face(x, y):
    return {"sigma_x": x, "sigma_y": y}


@pytest.fixture
def document():
    """Driving twice as large; full keeps the portrait's size, neither follows the driver."""
    frame = {
        "driving": face(0.4, 0.6),
        "scale": [2.0, 2.0],
        "variants": {"full": face(0.2, 0.3), "neither": face(0.4, 0.45)},
        "held": False,
        "ms": 10.0,
    }
    return {
        "fps": 25.0,
        "source": face(0.2, 0.3),
        "frames": [frame | {"index": index} for index in range(3)],
    }


def test_face_sizes_are_relative_to_the_portrait(document):
    assert charts.face_sizes(document, "driving") == pytest.approx([2, 2, 2])
    assert charts.face_sizes(document, "full") == pytest.approx([1, 1, 1])


def test_scale_error_takes_the_worse_axis(document):
    assert charts.scale_error(document, "full") == pytest.approx(0)
    assert charts.scale_error(document, "neither") == pytest.approx(math.log(2))


def test_the_chart_has_one_series_per_clip_and_one_row_per_frame(document):
    rows = charts.chart_rows(document)
    assert list(rows.columns) == ["seconds", "face size", "clip"]
    names = ["portrait", "driving clip", "OSTNet (full)", "neither of the two"]
    assert list(rows["clip"].unique()) == names
    assert set(rows["clip"]) <= set(charts.COLOURS)
    assert rows["seconds"].tolist()[:3] == [0, 0.04, 0.08]
    low, high = charts.limits(document)
    assert low < 1 and high > 2


def test_the_table_names_every_variant(document):
    rows = charts.number_rows(document)
    assert [row[0] for row in rows] == ["OSTNet (full)", "neither of the two"]
    assert rows[1][2:] == ["0.693", "100%"]


def test_the_headline_says_what_happened(document):
    text = charts.headline(document)
    assert "2.00 times" in text and "OSTNet's result has a face of 1.00" in text
    del document["frames"][0]["variants"]["full"]
    for frame in document["frames"]:
        frame["variants"].pop("full", None)
    assert "neither of the two" in charts.headline(document)
