"""The square of a track, and the tracks that are dropped."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ostnet.dataset.prepare.quality import Framing, flaw, frame_face, sharpness, square_of
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.shots import Face
from ostnet.dataset.prepare.tracks import Track
from ostnet.media.faces import Box
from ostnet.media.square import Crop
from ostnet.media.track import FaceTrack

CONFIG = PrepareConfig("videos", "out")
FRAMED = Framing(Crop(0, 0, 300), margin=1.85, shift=0.0)


def track(frames=100, side=150, sharp=100.0, seen=20, missed=0):
    face = Face(Box(0, 0, side, side), sharp)
    return Track(0, frames, dict.fromkeys(range(seen), face), list(range(seen, seen + missed)))


def test_a_good_track_is_kept():
    assert flaw(track(), FRAMED, CONFIG) is None
    assert flaw(track(), None, CONFIG) is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (track(frames=63), "63 frames; at least 64"),
        (track(seen=3, missed=1), "no face in 25% of the frames examined; at most 20%"),
        (track(seen=0, missed=5), "no face in 100%"),
        (track(side=127), "face of 127 pixels; at least 128"),
        (track(sharp=24.0), "sharpness 24; at least 25"),
    ],
)
def test_a_bad_track_is_dropped_with_its_reason(bad, reason):
    assert flaw(bad, FRAMED, CONFIG).startswith(reason)


def test_a_square_that_does_not_fit_is_dropped_unless_it_was_given():
    tight, moved = (Framing(Crop(0, 0, 300), *how) for how in ((1.3, 0.0), (1.85, 0.3)))
    assert flaw(track(), tight, CONFIG).startswith("room for 1.30 face sides; at least 1.5")
    assert flaw(track(), moved, CONFIG).startswith("square moved by 30% of its side")


def test_blur_lowers_the_sharpness_and_size_does_not(portraits):
    picture = Image.fromarray(portraits["ann"][0]).resize((320, 320), Image.Resampling.BICUBIC)
    box = Box(80, 80, 240, 240)
    sharp = sharpness(np.asarray(picture), box)
    assert sharpness(np.asarray(picture.filter(ImageFilter.GaussianBlur(4))), box) < sharp / 3
    double = np.asarray(picture.resize((640, 640), Image.Resampling.BICUBIC))
    assert sharpness(double, Box(160, 160, 480, 480)) == pytest.approx(sharp, rel=0.2)
    assert sharpness(double, Box(-50, -50, -10, -10)) == 0


def faces(*boxes, height=1080, width=1920):
    return FaceTrack(list(boxes), len(boxes), height, width)


def test_at_margin_1_the_square_is_the_union_of_the_boxes():
    """The median of five looks leaves slow movement as it is."""
    boxes = [Box(400 + 10 * n, 300, 500 + 10 * n, 420) for n in range(9)]
    union = faces(*boxes).union
    assert (union.left, union.right) == (400, 580)
    framing = frame_face(faces(*boxes), margin=1)
    assert framing.crop == Crop(400, 270, 180) and framing.shift == 0


def test_a_face_at_rest_takes_its_share_of_the_square():
    framing = frame_face(faces(Box(900, 500, 1000, 600)), margin=1.85)
    assert framing.crop == Crop(858, 458, 185) and framing.margin == 1.85


def test_a_square_moves_into_the_picture_and_says_how_far():
    framing = frame_face(faces(Box(20, 500, 120, 600)), margin=2)
    assert framing.crop == Crop(0, 450, 200) and framing.shift == 0.15


def test_a_square_is_never_larger_than_the_picture_and_says_what_room_is_left():
    framing = frame_face(faces(Box(700, 100, 1500, 900)), margin=1.85)
    assert framing.crop.size == 1080 and framing.crop.top == 0
    assert framing.margin == 1080 / 800


def test_a_given_region_becomes_a_square_that_stretches_nothing():
    assert square_of(Box(0.5, 0.25, 0.75, 0.75), 1000, 2000) == Crop(375, 250, 500)
    assert square_of(Box(0.0, 0.5, 0.5, 1.25), 1000, 2000) == Crop(0, 250, 750)
