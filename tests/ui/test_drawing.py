"""Drawings show what they should where they should, and pictures on the page are described."""

import numpy as np
from PIL import ImageColor

from ostnet.media.crop import Crop
from ostnet.model.layers import identity_grid
from ostnet.model.scale import FIDUCIALS
from ostnet.ui import drawing, markup

GREY = np.full((64, 64, 3), 120, np.uint8)


def colour(name):
    return np.array(ImageColor.getrgb(name))


def test_the_crop_is_bright_and_the_rest_dark():
    seen = drawing.crop_outline(GREY, [Crop(16, 16, 32)])
    assert seen[32, 32].mean() == 120
    assert seen[4, 4].mean() < 80
    assert (seen[16, 30] == colour(drawing.TEAL)).all()
    turned = drawing.crop_outline(GREY, [Crop(16, 16, 32, roll=45)])
    assert turned[32, 32].mean() == 120
    assert turned[19, 19].mean() < 80, "a corner of the square before it was turned"
    assert turned[32, 14].mean() == 120, "a corner of the turned one reaches over its old edge"
    assert (turned[21, 43] == colour(drawing.TEAL)).all(), "the middle of its upper edge"


def test_points_lie_where_they_are_in_normalised_coordinates():
    seen = drawing.points(GREY, (np.array([[-0.5, 0.5]]), drawing.RED))
    row, column = round(0.75 * 127), round(0.25 * 127)
    assert (seen[row, column] == colour(drawing.RED)).all()


def test_the_spline_shows_fiducials_outside_the_picture():
    grid = 1.5 * identity_grid(64, 64).numpy()
    seen = drawing.spline(GREY, grid, 1.5 * FIDUCIALS.numpy())
    amber = (seen == colour(drawing.AMBER)).all(axis=2)
    assert amber.sum() > 12 * 30
    assert (seen[2, 2] == drawing.BACKGROUND).all()  # the margin


def test_flow_without_motion_is_white_and_directions_differ():
    assert (drawing.flow_colours(np.zeros((8, 8, 2))) == 255).all()
    right, down = np.zeros((2, 8, 8, 2))
    right[..., 0] = down[..., 1] = 0.5
    apart = np.abs(drawing.flow_colours(right).astype(int) - drawing.flow_colours(down))
    assert apart.mean() > 50


def test_figures_and_tables_are_escaped_and_described():
    made = markup.row([markup.Figure(GREY, "<b>", 'a "quote"')])
    assert "&lt;b&gt;" in made and 'alt="a &quot;quote&quot;"' in made
    assert made.count("data:image/jpeg;base64,") == 1
    made = markup.table(["variant", "size"], [["full", "1 & 2"]], "sizes")
    assert '<th scope="row">full</th><td>1 &amp; 2</td>' in made
    assert "<caption>sizes</caption>" in made
