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


def test_too_small_is_as_far_off_as_too_large(document):
    assert charts.off_by(document, "neither") == pytest.approx(math.sqrt(3) - 1)
    for frame in document["frames"]:
        frame["variants"]["neither"] = face(0.2 / math.sqrt(3), 0.3 / math.sqrt(3))
    assert charts.off_by(document, "neither") == pytest.approx(math.sqrt(3) - 1)


def test_scale_error_takes_the_worse_axis(document):
    assert charts.scale_error(document, "full") == pytest.approx(0)
    assert charts.scale_error(document, "neither") == pytest.approx(math.log(2))


def test_the_chart_has_one_line_per_clip_that_was_rendered(document):
    made = charts.chart(document)
    assert made.count("<polyline") == 4
    for name in ("portrait", "driving clip", "OSTNet (full)", "neither of the two"):
        assert f"</s>{name}</li>" in made
    assert "no scale transform" not in made
    assert 'data-seconds="0.1200"' in made  # three frames at 25 a second


def test_a_single_frame_has_a_chart_too(document):
    del document["frames"][1:]
    assert charts.chart(document).count("<polyline") == 4


def test_the_table_names_every_variant(document):
    rows = charts.number_rows(document)
    assert [row[0] for row in rows] == ["OSTNet (full)", "neither of the two"]
    assert rows[1][2:] == ["73\u00a0%", "100\u00a0%"]


def test_the_headline_says_what_the_run_proves(document):
    text = charts.headline(document)
    assert text.startswith("The driver sits too near: a face 2.0 times the portrait's.")
    assert "With OSTNet the result's face is 0.0\u00a0% off" in text
    assert "without it 73\u00a0%" in text
    for frame in document["frames"]:
        frame["variants"] = {"neither": frame["variants"]["neither"]}
    assert "neither of the two" in charts.headline(document)


def test_the_headline_of_a_driver_who_moves_gives_the_range(document):
    document["frames"][0]["driving"] = face(0.1, 0.15)
    assert "between 0.5 and 2.0 times" in charts.headline(document)


def test_the_verdict_names_the_best_variant_also_where_it_is_not_ours(document):
    assert "OSTNet (full), 0.0\u00a0% off" in charts.verdict(document)
    for frame in document["frames"]:
        one, other = frame["variants"].values()
        frame["variants"] = {"full": other, "neither": one}
    said = charts.verdict(document)
    assert "neither of the two, 0.0\u00a0% off" in said and "OSTNet (full) 73\u00a0%" in said
