"""Files in: faces are found, the crops chosen, and what went wrong is said."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, Identity, render

from ostnet import InputError
from ostnet.animation.frame import Options
from ostnet.animation.scene import Inputs, look_at
from ostnet.media.square import Crop
from ostnet.media.video import VideoWriter


@pytest.fixture
def two_people(tmp_path):
    """A portrait of two, the larger on the left, and a driving clip of one."""
    larger = render(FaceParams(scale=(1.2, 1.2)), 256)[0]
    smaller = render(FaceParams(Identity(seed=3, skin=(0.64, 0.45, 0.34))), 256)[0]
    Image.fromarray(np.hstack([larger, smaller])).save(tmp_path / "two.png")
    with VideoWriter(tmp_path / "one.mp4", Fraction(25)) as writer:
        for _ in range(3):
            writer.write(smaller)
    return tmp_path


def test_face_chooses_in_the_file_that_shows_so_many(two_people):
    def source_left(face: int) -> float:
        inputs = Inputs(two_people / "two.png", two_people / "one.mp4", face=face)
        return look_at(inputs).source_crop.left

    assert source_left(0) < 128 < source_left(1)
    with pytest.raises(InputError, match="face 2 was asked for, but 2 were found"):
        source_left(2)


def test_a_clip_without_a_face_is_held_and_said(two_people):
    with VideoWriter(two_people / "wall.mp4", Fraction(25)) as writer:
        for _ in range(3):
            writer.write(np.full((64, 96, 3), 128, np.uint8))
    scene = look_at(Inputs(two_people / "two.png", two_people / "wall.mp4"))
    assert [shown.face for shown in scene.shown()] == [False] * 3
    assert "no face was found in any of 2 frames" in scene.warnings[0]
    centre = Inputs(two_people / "two.png", two_people / "wall.mp4", driving_crop="none")
    assert [shown.face for shown in look_at(centre).shown()] == [True] * 3


def test_a_square_drawn_by_hand_is_animated(two_people):
    square = Crop(20, 30, 128)
    scene = look_at(
        Inputs(two_people / "two.png", two_people / "one.mp4", source_crop=square, size="256")
    )
    assert scene.source_crop == square and scene.warnings == []
    assert np.array_equal(scene.source, square.apply(scene.portrait, 256))


def test_the_networks_get_the_portrait_around_its_square(two_people):
    inputs = Inputs(
        two_people / "two.png", two_people / "one.mp4", source_crop=Crop(20, 30, 128), size="256"
    )
    scene = look_at(inputs)
    around, edges = scene.framed.around(0.25)
    assert np.array_equal(around, Crop(-12, -2, 192).apply(scene.portrait, 384))
    assert edges == (-1 - 40 / 128, -1 - 60 / 128, 1.5, 1.5)


@pytest.mark.parametrize("zoom", [("big", 1), (0, 1), (1, 5.1), (float("nan"), 1), (None, 1)])
def test_a_zoom_that_cannot_be_is_refused_in_one_line(zoom):
    with pytest.raises(InputError, match="^driving zoom: found .*, expected"):
        Options(driving_zoom=zoom)
