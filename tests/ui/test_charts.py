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
        "variants": {"full": face(0.2, 0.3), "neither": face(0.4, 0.45)},
    }
    return {"fps": 25.0, "source": face(0.2, 0.3), "frames": [frame] * 3}


def test_sizes_and_errors_are_relative_to_the_portrait(document):
    assert charts.face_sizes(document, "driving") == pytest.approx([2, 2, 2])
    assert charts.face_sizes(document, "full") == pytest.approx([1, 1, 1])
    assert charts.scale_error(document, "full") == pytest.approx(0)
    assert charts.scale_error(document, "neither") == pytest.approx(math.log(2)), "the worse axis"
    assert charts.off_by(document, "neither") == pytest.approx(math.sqrt(3) - 1)
    document["frames"][0]["variants"]["neither"] = face(0.2 / math.sqrt(3), 0.3 / math.sqrt(3))
    assert charts.off_by(document, "neither") == pytest.approx(math.sqrt(3) - 1), "too small"


@pytest.mark.parametrize("frames", [1, 3])
def test_the_chart_has_one_line_per_clip_that_was_rendered(document, frames):
    del document["frames"][frames:]
    made = charts.chart(document)
    assert made.count("<polyline") == 4
    for name in ("portrait", "driving clip", "OSTNet (full)", "neither of the two"):
        assert f"</s>{name}</li>" in made
    assert "no scale transform" not in made
    assert f'data-seconds="{frames / 25:.4f}"' in made


def test_the_table_names_every_variant(document):
    rows = charts.number_rows(document)
    assert [row[0] for row in rows] == ["OSTNet (full)", "neither of the two"]
    assert rows[1][2:] == ["73\u00a0%", "100\u00a0%"]


def test_headline_and_verdict_say_what_was_measured(document):
    text = charts.headline(document)
    assert text.startswith("The driver sits too near: a face 2.0 times the portrait's.")
    assert "With OSTNet the result's face is 0.0\u00a0% off" in text
    assert "without it 73\u00a0%" in text
    assert "OSTNet (full), 0.0\u00a0% off" in charts.verdict(document)
    far = document["frames"][0] | {"driving": face(0.1, 0.15)}
    moving = charts.headline(document | {"frames": [*document["frames"], far]})
    assert "between 0.5 and 2.0 times" in moving
    full, neither = document["frames"][0]["variants"].values()
    document["frames"][0]["variants"] |= {"full": neither, "neither": full}
    said = charts.verdict(document)
    assert "neither of the two, 0.0\u00a0% off" in said and "OSTNet (full) 73\u00a0%" in said
    del document["frames"][0]["variants"]["full"]
    assert "neither of the two" in charts.headline(document)
