"""The squares that the model sees."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.media.crop import driving_crop, source_crop
from ostnet.media.faces import Box, make_detector
from ostnet.media.square import Crop, centre_square, face_square, portrait_square
from ostnet.media.video import VideoInfo, VideoWriter

PORTRAITS = Path(__file__).resolve().parents[2] / "examples" / "portraits"


class Fixed:
    """A detector that always sees the same boxes."""

    name, most_samples = "fixed", 60

    def __init__(self, *boxes):
        self.boxes = list(boxes)

    def detect(self, image):
        return self.boxes


def picture(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_a_crop_of_the_output_size_is_exact():
    image = picture(300, 400)
    assert np.array_equal(Crop(50, 20, 256).apply(image), image[20:276, 50:306])


def test_outside_the_picture_its_edge_is_repeated():
    image = picture(64, 64)
    result = Crop(-16, 40, 64).apply(image, 64)
    assert np.array_equal(result[:24, 16:], image[40:, :48])
    assert (result[:24, :16] == image[40:, :1]).all() and (result[24:, 16:] == image[-1, :48]).all()


def test_a_crop_beside_the_picture_is_refused():
    with pytest.raises(ValueError, match="outside a picture of 64x64"):
        Crop(100, 0, 32).apply(picture(64, 64))


def test_a_portrait_is_framed_with_room_above_its_hair(astronaut):
    detector = make_detector("dlib")
    crop, warning = source_crop(astronaut, detector=detector)
    (face,) = detector.detect(astronaut)
    assert warning is None
    assert 1.8 <= crop.size / face.side <= 2.1
    x, y = face.centre
    assert abs(x - crop.left - crop.size / 2) < 0.05 * crop.size
    above = y - crop.top - crop.size / 2
    assert 0 < above < 0.1 * crop.size


HAIR = {"eileen_collins.jpg": 17, "grace_hopper.jpg": 25}
"""Top row of the hair or hat in each example, read off the picture."""


@pytest.mark.parametrize("name", HAIR)
def test_the_square_of_an_example_shows_all_of_the_hair(name):
    crop, _ = source_crop(np.asarray(Image.open(PORTRAITS / name).convert("RGB")))
    assert crop.top < HAIR[name] - 0.02 * crop.size


def test_a_portrait_square_leans_with_the_head():
    upright = portrait_square(Box(450, 450, 550, 550), 1000, 1000)
    assert upright == Crop(400, 390, 200)
    lying = portrait_square(Box(450, 450, 550, 550), 1000, 1000, roll=90.0)
    assert lying == Crop(410, 400, 200, 90.0)


def test_a_portrait_without_room_above_the_hair_is_shown_to_its_edge():
    assert portrait_square(Box(450, 20, 550, 120), 1000, 1000) == Crop(400, -10, 200)
    assert portrait_square(Box(450, 40, 550, 140), 1000, 1000) == Crop(400, 0, 200)


def test_a_moving_face_keeps_the_same_room_beside_it():
    assert face_square(Box(100, 200, 300, 300), 100, 1000, 1000).size == 200 + 85


def test_a_face_in_the_corner_stays_near_the_middle():
    crop = face_square(Box(0, 0, 100, 100), 100, 1000, 1000)
    assert crop.size == 185 and crop.left == crop.top
    assert abs(50 - crop.left - crop.size / 2) <= 0.16 * crop.size


def test_the_second_face_can_be_chosen():
    large, small = Box(100, 100, 300, 300), Box(600, 100, 700, 200)
    crop, _ = source_crop(picture(500, 900), face=1, detector=Fixed(large, small))
    assert crop == Crop(550, 40, 200)
    with pytest.raises(InputError, match="^source: face 2"):
        source_crop(picture(500, 900), face=2, detector=Fixed(large, small))


def test_without_a_face_the_centre_is_taken_and_said():
    crop, warning = source_crop(picture(100, 300), detector=Fixed())
    assert crop == centre_square(100, 300)
    assert warning.startswith("source: no face was found (by fixed); the centre square is used")
    assert "--source-crop" in warning
    assert source_crop(picture(100, 300), "none", detector=Fixed()) == (crop, None)


def test_a_tiny_face_is_warned_of():
    _, warning = source_crop(picture(400, 400), detector=Fixed(Box(100, 100, 140, 140)))
    assert "only 40 pixels high" in warning


def frames(height, width, count=11):
    return (np.zeros((height, width, 3), np.uint8) for _ in range(count))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_clip_that_is_framed_already_is_left_alone(share):
    face = Box(0, 0, 150 * share, 200 * share)
    assert driving_crop(frames(200, 200), detector=Fixed(face)) == (Crop(0, 0, 200), None)


def test_a_face_too_small_or_too_large_for_a_square_clip_is_framed():
    small, large = Box(100, 100, 130, 130), Box(10, 10, 190, 190)
    assert driving_crop(frames(200, 200), detector=Fixed(small))[0].size == round(1.85 * 30)
    assert driving_crop(frames(200, 200), detector=Fixed(large))[0].size == round(1.25 * 180)


def test_a_wide_clip_is_framed_once_around_all_places_of_the_face(tmp_path, astronaut):
    """A head crosses a wide clip: one square, which holds it at the start and at the end."""
    head = np.asarray(Image.fromarray(astronaut[:256, 96:352]).resize((180, 180)))
    path = tmp_path / "walk.mp4"
    with VideoWriter(path, Fraction(25)) as writer:
        for index in range(31):
            frame = np.full((240, 480, 3), 200, np.uint8)
            frame[40:220, 100 + 2 * index : 280 + 2 * index] = head
            writer.write(frame)
    crop, warning = driving_crop(path, detector=make_detector("dlib"))
    first, last = 100 + 56, 160 + 56 + 69  # left and right end of the face's path, about
    assert warning is None
    assert crop.left < first - 10 and crop.left + crop.size > last + 10
    assert crop.size <= 240


def test_none_takes_the_centre_without_looking(clip):
    assert driving_crop(frames(100, 300), "none") == (centre_square(100, 300), None)
    assert driving_crop(clip(size="96x64"), "none") == (centre_square(64, 96), None)


def test_an_uncertain_crop_gives_a_warning():
    class Rarely(Fixed):
        def detect(self, image):
            return [self.boxes.pop()] if self.boxes else []

    crop, warning = driving_crop(frames(100, 300), detector=Fixed())
    assert crop == centre_square(100, 300) and "no face was found in any of 3 frames" in warning
    _, warning = driving_crop(frames(100, 300), detector=Rarely(Box(0, 0, 50, 50)))
    assert "only 1 of 3 examined frames" in warning


@pytest.mark.parametrize("turns", range(4))
def test_a_turned_square_shows_what_the_turned_picture_does(turns):
    image = picture(60, 90)
    turned = np.ascontiguousarray(np.rot90(image, turns))
    crop = Crop(5, 8, 40)
    back = crop.turned_back(turns, 60, 90)
    assert np.array_equal(back.apply(image, 40), crop.apply(turned, 40))


def test_a_tilted_square_is_levelled(astronaut):
    level = Crop(140, 20, 180)
    tilted = Image.fromarray(astronaut).rotate(-30, Image.Resampling.BICUBIC, center=(230, 110))
    shown = replace(level, roll=30).apply(np.asarray(tilted), 128)
    inner = slice(24, 104)  # the picture had no more to show in the corners
    difference = shown[inner, inner].astype(int) - level.apply(astronaut, 128)[inner, inner]
    assert np.abs(difference).mean() < 6


def test_a_drawn_square_is_taken_as_it_is():
    assert source_crop(picture(100, 300), Crop(-9, 7, 50)) == (Crop(-9, 7, 50), None)
    with pytest.raises(InputError, match="^source: the square 300,0,50 lies outside"):
        source_crop(picture(100, 300), Crop(300, 0, 50))


def shots(*places, width=800, each=20):
    """Frames that are each dark or bright by shot, and a detector of the face in them."""
    clip = [np.full((200, width, 3), 60 + 90 * (shot % 2), np.uint8)
            for shot in range(len(places)) for _ in range(each)]  # fmt: skip
    for index, frame in enumerate(clip):
        frame[0, 0] = divmod(index, 256) + (0,)

    class Reader(Fixed):
        def detect(self, frame):
            index = int(frame[0, 0, 0]) * 256 + int(frame[0, 0, 1])
            x = places[index // each](index % each)
            return [Box(x - 40, 60, x + 40, 140)]

    return clip, Reader()


def test_each_shot_gets_a_square_of_its_own():
    clip, detector = shots(lambda _: 100, lambda _: 700)
    crop, warning = driving_crop(iter(clip), detector=detector)
    assert "each of its 2 shots" in warning
    assert [crop.at(index).left + crop.at(index).size // 2 for index in (0, 19, 20, 39)] == [
        100, 100, 700, 700,
    ]  # fmt: skip
    assert crop.at(0).size == crop.at(39).size == round(1.85 * 80)


def resized_clip(sides: list[int]):
    """Frames whose colour is their number and shot, and a detector of faces with these sides."""
    frames = [
        np.full((400, 400, 3), (i, 200 * (s < 200), 0), np.uint8) for i, s in enumerate(sides)
    ]

    class Reader(Fixed):
        def detect(self, frame):
            half = sides[int(frame[0, 0, 0])] / 2
            return [Box(200 - half, 200 - half, 200 + half, 200 + half)]

    return frames, Reader()


def test_a_cut_from_a_close_shot_to_a_wide_one_at_the_same_place():
    clip, detector = resized_clip([280] * 20 + [50] * 20)
    crop, warning = driving_crop(iter(clip), detector=detector)
    assert "changes its size at a cut; each of its 2 shots" in warning
    assert [crop.at(index).size for index in (0, 19, 20, 39)] == [400, 400, 92, 92]


def test_a_zoom_is_no_cut():
    clip, detector = resized_clip([round(60 * 1.05**i) for i in range(30)])
    crop, _ = driving_crop(iter(clip), detector=detector)
    assert len({crop.at(index).size for index in range(30)}) == 1


def test_a_square_follows_a_face_that_walks_across():
    clip, detector = shots(lambda index: 100 + 6 * index, each=100)
    crop, warning = driving_crop(iter(clip), detector=detector)
    assert "follows it slowly" in warning
    middles = [crop.at(index).left + crop.at(index).size / 2 for index in range(100)]
    assert np.abs(np.array(middles) - 100 - 6 * np.arange(100)).max() <= 40
    assert len({crop.at(index).size for index in range(100)}) == 1
    assert max(np.diff(middles)) <= 7


def test_fixed_stays_one_square_and_says_when_that_is_too_large():
    clip, detector = shots(lambda _: 100, lambda _: 700)
    crop, warning = driving_crop(iter(clip), "fixed", detector)
    assert crop.at(0) == crop.at(39) == crop and "small in one square" in warning


def test_a_damaged_clip_gives_a_warning():
    info = VideoInfo(96, 64, Fraction(25), 18, 0.72, None, damaged=True)
    _, warning = driving_crop(frames(100, 100, 18), "none", info=info)
    assert warning == "driving: the file is damaged; 18 frames of it can be read"


def test_a_clip_on_its_side_is_turned_upright(astronaut):
    head = np.asarray(Image.fromarray(astronaut[:256, 96:352]).resize((160, 160)))
    lying = np.full((200, 320, 3), 128, np.uint8)
    lying[20:180, 100:260] = np.rot90(head)
    crop, warning = driving_crop(lying for _ in range(12))
    assert crop.roll == -90 and "every frame is rotated" in warning
    (face,) = make_detector().detect(crop.apply(lying))
    assert 0.35 < face.side / 256 < 0.7


def test_what_cannot_be_done_is_refused():
    with pytest.raises(ValueError, match="auto or fixed or none, found 'face'"):
        driving_crop(frames(100, 100), "face")
    with pytest.raises(InputError, match="no frames"):
        driving_crop(frames(100, 100, 0), "none")
    with pytest.raises(InputError, match="^driving: no file"):
        driving_crop("missing.mp4", "fixed", Fixed())
