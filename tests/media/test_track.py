"""Following one face over a sample of a clip's frames."""

import math

import numpy as np
import pytest

from ostnet.errors import InputError
from ostnet.media.faces import Box
from ostnet.media.track import follow, track_face


def square(x, y, side):
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def frames(count):
    """Frames that carry their own number in the first pixel."""
    for index in range(count):
        frame = np.zeros((100, 200, 3), np.uint8)
        frame[0, 0] = divmod(index, 256) + (0,)
        yield frame


def index_of(frame):
    return int(frame[0, 0, 0]) * 256 + int(frame[0, 0, 1])


class Scripted:
    """A detector that looks up what to see in each frame."""

    name, most_samples = "scripted", 60

    def __init__(self, script):
        self.script, self.looked_at = script, []

    def detect(self, frame):
        self.looked_at.append(index_of(frame))
        return self.script(index_of(frame))


@pytest.mark.parametrize("count", [1, 13, 299, 301, 1000, 5000])
def test_a_clip_is_sampled_evenly_with_its_ends_and_sixty_times_at_most(count):
    detector = Scripted(lambda index: [])
    track_face(frames(count), detector, total=count)
    sampled = detector.looked_at
    assert len(sampled) <= 60 and sampled[0] == 0 and sampled[-1] == count - 1
    assert max(np.diff([*sampled, count])) <= max(5, math.ceil(count / 55))


def test_a_clip_of_unknown_length_is_sampled_ever_more_sparsely():
    short, long = Scripted(lambda index: []), Scripted(lambda index: [])
    track_face(frames(13), short)
    track_face(frames(5000), long)
    assert short.looked_at == [0, 5, 10, 12] and len(long.looked_at) < 250


def test_the_union_holds_every_place_of_the_face():
    detector = Scripted(lambda index: [square(50 + index, 50, 20)])
    track = track_face(frames(101), detector)
    assert track.share == 1 and track.side == 20
    assert track.union.left <= 50 and track.union.right >= 150
    assert track.union.top == 40 and track.union.bottom == 60


def test_one_false_box_does_not_widen_the_union():
    detector = Scripted(lambda index: [square(150, 80, 90) if index == 50 else square(50, 50, 20)])
    assert track_face(frames(101), detector).union == square(50, 50, 20)


def test_frames_without_a_face_are_counted_and_do_no_harm():
    detector = Scripted(lambda index: [square(50, 50, 20)] if index < 50 else [])
    track = track_face(frames(100), detector)
    assert track.share == pytest.approx(0.5, abs=0.05) and track.union == square(50, 50, 20)
    assert track_face(frames(10), Scripted(lambda index: [])).boxes == []


def test_the_chosen_face_is_followed_though_another_grows_larger():
    left = [square(50, 50, 20 - index) for index in range(10)]
    right = [square(150, 50, 10 + index) for index in range(10)]
    found = [sorted(pair, key=lambda box: -box.side) for pair in zip(left, right, strict=True)]
    assert follow(found, 0, "driving") == list(enumerate(left))
    assert follow(found, 1, "driving") == list(enumerate(right))


def test_the_anchor_may_come_late():
    """Only the middle sample shows two faces; the second of them is followed both ways."""
    far, near = square(50, 50, 20), square(150, 50, 30)
    assert follow([[far], [near, far], [near], [far]], 1, "driving") == [
        (0, far),
        (1, far),
        (3, far),
    ]


def test_a_face_that_is_not_there_is_an_error():
    with pytest.raises(InputError, match="^source: face 2 .* at most 1 were found"):
        track_face(frames(1), Scripted(lambda index: [square(50, 50, 20)]), 2, role="source")
    with pytest.raises(InputError, match="^driving: the clip has no frames"):
        track_face(frames(0), Scripted(lambda index: []))
