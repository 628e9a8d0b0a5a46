"""Panes side by side, each under its name."""

import numpy as np
import pytest

from ostnet.media.compose import BACKGROUND, GAP, grid, label_strip, strip_height


def pane(value, height=256, width=256):
    return np.full((height, width, 3), value, np.uint8)


def test_panes_stand_untouched_under_their_labels():
    left, right = np.random.default_rng(0).integers(0, 256, (2, 256, 256, 3), np.uint8)
    result = grid({"source": left, "full": right})
    strip = strip_height(256)
    assert result.shape == (strip + 256, 256 + GAP + 256, 3)
    assert np.array_equal(result[strip:, :256], left)
    assert np.array_equal(result[strip:, 256 + GAP :], right)
    assert np.array_equal(result[:strip, :256], label_strip("source", 256, strip))


def test_a_long_label_keeps_inside_its_pane():
    strip = label_strip("a label that is much too long for its pane", 128, 24)
    assert (strip[:, :2] == BACKGROUND).all() and (strip[:, -2:] == BACKGROUND).all()
    assert strip.max() > 150


@pytest.mark.parametrize(
    ("count", "columns", "rows"), [(1, 1, 1), (4, 4, 1), (5, 3, 2), (7, 4, 2), (9, 3, 3)]
)
def test_rows_are_balanced(count, columns, rows):
    result = grid({str(index): pane(255, 64, 64) for index in range(count)})
    strip = strip_height(64)
    assert result.shape[1] == columns * (64 + GAP) - GAP
    assert result.shape[0] == rows * (strip + 64 + GAP) - GAP


def test_a_smaller_pane_is_enlarged_in_its_shape():
    result = grid({"large": pane(255, 200, 200), "wide": pane(255, 50, 100)})
    cell = result[strip_height(200) :, 200 + GAP :]
    filled = (cell == 255).all(axis=2)
    assert filled[60:140].all() and not filled[:45].any() and not filled[155:].any()


def test_an_empty_grid_is_refused():
    with pytest.raises(ValueError, match="at least one pane"):
        grid({})
