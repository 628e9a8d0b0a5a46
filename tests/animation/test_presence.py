"""Which frames the face detector is asked about, and what follows."""

import numpy as np

from ostnet.animation.presence import FacePresence
from ostnet.media.faces import Box

FACE = np.full((64, 64, 3), 200, np.uint8)
BLANK = np.zeros((64, 64, 3), np.uint8)
WHOLE = Box(0, 0, 64, 64)


class Detector:
    """Finds a face in every bright picture."""

    def __init__(self):
        self.looks = 0

    def __call__(self, frame):
        self.looks += 1
        return [Box(16, 16, 48, 48)] if frame.mean() > 100 else []


def answers(frames, picture=WHOLE, **settings):
    detector = Detector()
    present = FacePresence(detector, **settings)
    return [present(frame, picture) for frame in frames], detector.looks


def test_a_steady_clip_costs_one_look_in_five():
    seen, looks = answers([FACE] * 20)
    assert seen == [True] * 20
    assert looks == 4


def test_a_cut_is_noticed_at_once_and_so_is_the_return():
    seen, _ = answers([FACE] * 3 + [BLANK] + [FACE] * 2 + [BLANK] * 7 + [FACE])
    assert seen == [True] * 3 + [False] + [True] * 2 + [False] * 7 + [True]


def test_a_clip_in_which_no_face_is_ever_found_is_animated_anyway():
    assert answers([BLANK] * 8)[0] == [True] * 8


def test_where_a_face_is_expected_frames_before_it_count_as_lost():
    assert answers([BLANK] * 2 + [FACE], expected=True)[0] == [False, False, True]


def test_half_a_face_counts_as_lost():
    assert answers([FACE] * 2, picture=Box(32, 0, 64, 64), expected=True)[0] == [False] * 2
    assert answers([FACE] * 2, picture=Box(20, 0, 64, 64), expected=True)[0] == [True] * 2
