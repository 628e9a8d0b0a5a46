"""A visitor's inputs are checked, limited and cropped before anything runs."""

import shutil
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from ostnet.animation.motion_file import Motion
from ostnet.errors import InputError
from ostnet.media.crop import Crop
from ostnet.options import AnimateOptions
from ostnet.ui import inputs


def test_a_portrait_is_cropped_around_its_face(portrait):
    face = portrait.square(256)
    assert face.shape == (256, 256, 3)
    assert portrait.crop.size < min(portrait.image.shape[:2])
    assert portrait.note is None


def test_a_square_drawn_by_hand_replaces_the_one_found(portrait, driving):
    square = Crop(10, 20, 100)
    assert inputs.reframed(portrait, square).crop == square
    made = inputs.reframed(driving, square)
    assert made.crop == square and len(made.stills) == len(driving.stills)
    assert (made.still(0) != driving.still(0)).any()
    for look in (portrait, driving):
        with pytest.raises(InputError, match="lies outside the"):
            inputs.reframed(look, Crop(9000, 0, 100))


def test_a_portrait_without_a_face_is_used_with_a_note(tmp_path):
    path = tmp_path / "sky.png"
    Image.fromarray(np.full((64, 80, 3), 200, np.uint8)).save(path)
    look = inputs.look_at_portrait(path)
    assert "no face" in look.note
    assert look.crop.size == 64


def test_a_clip_is_looked_at_up_to_the_seconds_asked_for(driving):
    assert driving.frames == 8
    assert driving.info.frames == 125
    assert len(driving.stills) == 8
    assert driving.still(0) is driving.stills[0]
    assert driving.still(1) is driving.stills[-1]
    assert driving.whole.shape == (256, 256, 3)


def test_a_motion_file_is_a_clip_whose_stills_are_keypoints(portrait, tmp_path):
    motion = Motion(
        fps=Fraction(25),
        detector="0" * 64,
        keypoints=np.zeros((50, 30, 2), np.float32),
        faces=np.ones(50, bool),
        cuts=np.zeros(50, bool),
    )
    motion.save(tmp_path / "m.motion.safetensors")
    look = inputs.look_at_driving(tmp_path / "m.motion.safetensors", seconds=1)
    assert look.frames == 25 and look.still(0.5).any()
    assert inputs.make_scene(portrait, look, AnimateOptions()).total == 25
    with pytest.raises(InputError, match="^driving-zoom: a motion file cannot change it"):
        inputs.make_scene(portrait, look, AnimateOptions(driving_zoom=0.5))


def test_files_that_are_too_large_or_gone_are_refused_in_plain_words(
    monkeypatch, tmp_path, portrait_file
):
    monkeypatch.setattr(inputs, "MOST_PORTRAIT_MB", 0.01)
    with pytest.raises(InputError, match="too large; give at most"):
        inputs.look_at_portrait(portrait_file)
    with pytest.raises(InputError, match="upload it again"):
        inputs.look_at_driving(tmp_path / "gone.mp4")
    with pytest.raises(InputError, match="portrait: missing"):
        inputs.check_files(None, portrait_file)
    with pytest.raises(InputError, match="driving clip: .*no readable video"):
        inputs.look_at_driving(shutil.copy(__file__, tmp_path / "clip.mp4"))
