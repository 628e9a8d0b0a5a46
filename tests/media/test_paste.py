"""The generated square goes back without a seam."""

from dataclasses import replace

import numpy as np
import pytest

from ostnet.media.paste import GroupPaster, Paster
from ostnet.media.square import Crop

CROP = Crop(130, 25, 192)


def test_the_untouched_crop_gives_the_portrait_back(astronaut):
    result = Paster(astronaut, CROP).paste(CROP.apply(astronaut, 192))
    assert result.dtype == np.uint8 and result.shape == astronaut.shape
    assert np.abs(result.astype(int) - astronaut).max() <= 1


@pytest.mark.parametrize("roll", [90, 180, -90, 38, -30])
def test_a_turned_crop_goes_back_as_it_was(astronaut, roll):
    crop = replace(CROP, roll=roll)
    result = Paster(astronaut, crop).paste(crop.apply(astronaut, 192)).astype(int)
    assert np.abs(result - astronaut).mean() < (0.5 if roll % 90 == 0 else 1.5)
    black = Paster(astronaut, crop).paste(np.zeros((256, 256, 3), np.uint8))
    assert black[121, 226].max() <= 2


def test_outside_the_crop_nothing_changes_and_inside_it_does(astronaut):
    result = Paster(astronaut, CROP).paste(np.zeros((256, 256, 3), np.uint8))
    changed = (result != astronaut).any(axis=2)
    assert changed[60:180, 170:290].all()
    changed[25:217, 130:322] = False
    assert not changed.any()
    assert result[121, 226].max() <= 2  # the middle is the generated square's own


def step_at_the_border(result):
    """Largest change of brightness along the row through the crop's left and right border."""
    row = result[100].astype(int).mean(axis=1)
    return np.abs(np.diff(row)).max()


def test_a_change_of_tone_leaves_no_seam():
    portrait = np.full((300, 400, 3), 120, np.uint8)
    crop = Crop(100, 20, 200)
    darker = np.full((256, 256, 3), 104, np.uint8)
    result = Paster(portrait, crop).paste(darker)
    assert step_at_the_border(result) <= 2
    assert result[120, 200].tolist() == pytest.approx([104] * 3, abs=3)
    # Just inside, where the square is nearly opaque, it has nearly the portrait's tone.
    assert abs(int(result[120, 120, 0]) - 120) < abs(int(result[120, 120, 0]) - 104)


def test_what_moved_across_the_border_does_not_colour_the_face():
    portrait = np.full((300, 400, 3), 120, np.uint8)
    moved = np.full((256, 256, 3), 120, np.uint8)
    moved[:, :20] = 0  # dark hair at the square's left border, which the portrait does not have
    result = Paster(portrait, Crop(100, 20, 200)).paste(moved)
    assert np.abs(result[120, 180:300].astype(int) - 120).max() <= 3


def test_a_crop_over_the_edge_works_and_has_no_border_there():
    portrait = np.full((200, 300, 3), 120, np.uint8)
    white = np.full((256, 256, 3), 255, np.uint8)
    result = Paster(portrait, Crop(-30, -40, 150)).paste(white)
    assert result.shape == portrait.shape
    assert (result[:60, :60] == 255).all() and (result[150:] == 120).all()
    whole = Paster(portrait[:, :200], Crop(0, 0, 200)).paste(white)
    assert (whole == 255).all()


def test_a_paster_can_be_used_again(astronaut):
    paster = Paster(astronaut, CROP)
    before = astronaut.copy()
    first = paster.paste(np.zeros((256, 256, 3), np.uint8))
    assert np.array_equal(paster.paste(np.zeros((256, 256, 3), np.uint8)), first)
    assert np.array_equal(astronaut, before)


def test_squares_that_overlap_meet_between_their_faces():
    portrait = np.full((300, 500, 3), 120, np.uint8)
    crops = [Crop(40, 50, 200), Crop(180, 50, 200)]  # centres at x = 140 and 280
    black, white = (np.full((256, 256, 3), level, np.uint8) for level in (0, 255))
    for order in (1, -1):  # which one is pasted last makes no difference
        squares = [black, white][::order]
        row = GroupPaster(portrait, crops[::order]).paste(squares)[150, :, 0].astype(int)
        assert row[140] <= 2 and row[280] >= 253
        assert row[210] == pytest.approx(127, abs=12)  # half of each, and no seam
        assert np.abs(np.diff(row[180:241])).max() < 30


def test_a_group_of_untouched_squares_gives_the_portrait_back(astronaut):
    crops = [CROP, replace(CROP, left=250), replace(CROP, top=100, roll=30)]
    result = GroupPaster(astronaut, crops).paste([one.apply(astronaut, 192) for one in crops])
    assert np.abs(result.astype(int) - astronaut).mean() < 0.5
    alone = CROP.apply(astronaut, 128)
    assert np.array_equal(GroupPaster(astronaut, [CROP]).paste([alone]),
                          Paster(astronaut, CROP).paste(alone))  # fmt: skip
