"""Faces from the side and faces cut by the picture's edge are said before anything runs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, render

from ostnet.media.crop import driving_crop, source_crop
from ostnet.media.faces import Box
from ostnet.media.square import Crop

PORTRAIT = Path(__file__).resolve().parents[2] / "examples" / "portraits" / "eileen_collins.jpg"
LEFT = 176
"""Left edge of the face in the portrait, which is 100 pixels wide."""


def portrait():
    return np.asarray(Image.open(PORTRAIT).convert("RGB"))


@pytest.mark.parametrize("yaw, said", [(1.5, True), (0.6, False), (0.0, False)])
def test_a_portrait_from_the_side_is_warned_of(yaw, said):
    _, warning = source_crop(render(FaceParams(yaw=yaw), 256)[0])
    assert ("seen from the side" in (warning or "")) == said


@pytest.mark.parametrize("hidden, said", [(0.4, True), (0.1, False), (0.0, False)])
def test_a_portrait_whose_face_is_cut_is_warned_of(hidden, said):
    cut = portrait()[:, LEFT + round(100 * hidden) :]
    _, warning = source_crop(np.ascontiguousarray(cut))
    assert ("outside the picture" in (warning or "")) == said


@pytest.mark.parametrize("above, said", [(70, True), (0, False)])
def test_a_portrait_whose_hair_is_cut_is_said(above, said):
    _, warning = source_crop(portrait()[above:])
    assert ("ends just above the face" in (warning or "")) == said


def test_a_driver_partly_out_of_the_picture_is_counted():
    whole, half = portrait(), np.ascontiguousarray(portrait()[:, LEFT + 40 :])
    half = np.pad(half, ((0, 0), (0, whole.shape[1] - half.shape[1]), (0, 0)))
    _, warning = driving_crop(iter([whole] * 11 + [half] * 5))
    assert "outside the picture in 1 of 4 examined frames; the result holds still" in warning


@pytest.mark.parametrize(
    "face, half", [((0, 0, 40, 50), False), ((-12, 0, 28, 50), False), ((10, 60, 50, 110), True)]
)
def test_a_face_is_half_if_more_than_a_third_lies_outside(face, half):
    assert Box(*face).is_half(Box(0, 0, 90, 90)) == half


@pytest.mark.parametrize("turns", range(4))
def test_a_square_knows_which_part_of_it_the_picture_fills(turns):
    picture = np.full((60, 90, 3), 255, np.uint8)
    crop = Crop(-10, 30, 40).turned_back(turns, 60, 90)
    beyond = np.pad(picture, ((40, 40), (40, 40), (0, 0)))
    seen = Crop(crop.left + 40, crop.top + 40, 40, crop.roll).apply(beyond, 80)[..., 0]
    rows, columns = np.nonzero(seen > 127)
    shown = crop.shown(60, 90, 80)
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert (shown.left, shown.top, shown.right, shown.bottom) == edges
