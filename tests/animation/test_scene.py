"""Opening a scene: faces are found, crops are chosen, and problems are reported."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, Identity, render

from ostnet import AnimateOptions, InputError
from ostnet.animation.scene import open_scene
from ostnet.media.square import Crop
from ostnet.media.video import Clip, VideoWriter, probe, read_frames, read_image

DEFAULTS = AnimateOptions()
PORTRAIT = Path(__file__).resolve().parents[2] / "examples" / "portraits" / "eileen_collins.jpg"


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


def look(folder, options=DEFAULTS, driving="one.mp4"):
    return open_scene(folder / "two.png", folder / driving, options)


def test_face_chooses_in_the_file_that_shows_so_many(two_people):
    def source_left(face: int) -> float:
        scene = look(two_people, AnimateOptions(face=face))
        return scene.source_crop.left

    assert source_left(0) < 128 < source_left(1)
    with pytest.raises(InputError, match="face 2 was asked for, but at most 2 were found"):
        source_left(2)


def test_pictures_in_memory_open_as_files_do(two_people):
    file = two_people / "one.mp4"
    frames = list(read_frames(file))
    clip = Clip(probe(file), lambda: iter(frames))
    scene = open_scene(read_image(two_people / "two.png"), clip, DEFAULTS)
    same = look(two_people)
    assert (scene.source_crop, scene.driving_crop) == (same.source_crop, same.driving_crop)
    for one, other in zip(scene.frames(), same.frames(), strict=True):
        assert np.array_equal(one.picture, other.picture) and one.face == other.face
    with pytest.raises(InputError, match="^stopped: "):
        open_scene(scene.portrait, clip, DEFAULTS, cancel=lambda: True)
    with pytest.raises(InputError, match="^source: 20x40 pixels is too small"):
        open_scene(np.zeros((40, 20, 3), np.uint8), clip, DEFAULTS)


def test_a_clip_without_a_face_is_held_and_said(two_people):
    with VideoWriter(two_people / "wall.mp4", Fraction(25)) as writer:
        for _ in range(3):
            writer.write(np.full((64, 96, 3), 128, np.uint8))
    scene = look(two_people, driving="wall.mp4")
    assert [frame.face for frame in scene.frames()] == [False] * 3
    assert "no face was found in any of 2 frames" in scene.warnings[0]
    centre = look(two_people, AnimateOptions(driving_crop="none"), "wall.mp4")
    assert [frame.face for frame in centre.frames()] == [True] * 3


def test_a_square_drawn_by_hand_is_animated(two_people):
    square = Crop(20, 30, 128)
    scene = look(two_people, AnimateOptions(source_crop="20,30,128", size=256))
    assert scene.source_crop == square and scene.warnings == []
    assert np.array_equal(scene.source, square.apply(scene.portrait, 256))


def test_the_networks_get_the_portrait_around_its_square(two_people):
    scene = look(two_people, AnimateOptions(source_crop="20,30,128", size=256))
    around, edges = scene.framed.around(0.25)
    assert np.array_equal(around, Crop(-12, -2, 192).apply(scene.portrait, 384))
    assert edges == (-1 - 40 / 128, -1 - 60 / 128, 1.5, 1.5)


@pytest.mark.parametrize("width", [200, 400])
def test_frames_with_half_a_face_are_held(tmp_path, width):
    """A head leaves a square clip, or a wide one whose square reaches beyond its edge."""
    portrait = Image.open(PORTRAIT).convert("RGB").crop((70, 0, 370, 300)).resize((200, 200))
    with VideoWriter(tmp_path / "leaves.mp4", Fraction(25)) as writer:
        for left in [0] * 10 + [-97] * 10 + [0] * 10:
            frame = Image.new("RGB", (width, 200), (150, 150, 150))
            frame.paste(portrait, (left, 0))
            writer.write(np.asarray(frame))
    scene = open_scene(np.asarray(portrait), tmp_path / "leaves.mp4", DEFAULTS)
    assert [frame.face for frame in scene.frames()] == [True] * 10 + [False] * 10 + [True] * 10
