"""The square of a track."""

from ostnet.dataset.prepare.quality import frame_face, square_of
from ostnet.media.crop import Crop
from ostnet.media.faces import Box
from ostnet.media.track import FaceTrack


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
