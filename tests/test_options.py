"""The options of an animation: read from texts, checked once, refused in one line."""

import pytest

from ostnet import AnimateOptions, InputError


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("scale_transform", "no", False),
        ("paste_back", "True", True),
        ("driving_zoom", "1.5", (1.5, 1.5)),
        ("driving_zoom", "1.5,2", (1.5, 2.0)),
        ("driving_zoom", [0.5, 5], (0.5, 5.0)),
        ("size", "512", 512),
        ("size", "portrait", "portrait"),
        ("size", "", None),
        ("scale_window", "clip", "clip"),
        ("scale_window", "2", 2.0),
        ("source_crop", "10, 20, 300", "10,20,300"),
        ("face", "2", 2),
        ("max_frames", 12.0, 12),
        ("max_seconds", "1.5", 1.5),
        ("only", "eyes", "eyes"),
        ("head", "0.5", 0.5),
        ("faces", "all", "all"),
        ("faces", "2, 0", (2, 0)),
        ("faces", "", None),
    ],
)
def test_texts_of_tables_and_flags_are_read(name, given, value):
    assert getattr(AnimateOptions(**{name: given}), name) == value


@pytest.mark.parametrize(
    ("name", "wrong", "expected"),
    [
        ("scale_embedding", "perhaps", "expected true or false"),
        ("driving_zoom", "0", "expected S or SX,SY with numbers above 0 and up to 5"),
        ("driving_zoom", (1, 5.1), "expected S or SX,SY"),
        ("driving_zoom", (float("nan"), 1), "expected S or SX,SY"),
        ("driving_zoom", (None, 1), "expected S or SX,SY"),
        ("driving_zoom", "1,2,3", "expected S or SX,SY"),
        ("size", "300", "expected one of 256, 512, 1024, portrait"),
        ("scale_window", "sometimes", "expected frame, clip, start or a number of seconds"),
        ("scale_window", 0, "expected frame, clip, start or a number of seconds"),
        ("scale_window", "inf", "expected frame, clip, start or a number of seconds"),
        ("pose", "sideways", "expected one of portrait, position, driver"),
        ("source_crop", "1,2,0", "expected auto, none or X,Y,SIDE"),
        ("driving_crop", "tight", "expected one of auto, fixed, none"),
        ("alignment", "guess", "expected one of learned, closed-form"),
        ("motion", "none", "expected one of absolute, relative"),
        ("rectify", "grid", "expected one of picture, points"),
        ("face", "1.5", "expected a whole number of at least 0"),
        ("max_frames", 0, "expected a whole number of at least 1"),
        ("max_seconds", -3, "expected a number above 0"),
        ("only", "nose", "expected one of mouth, eyes, expression, head"),
        ("eyelids", 1.6, "expected a number from 0 to 1.5"),
        ("faces", "0,0", "expected all or N,M,... with up to 8 different numbers"),
        ("faces", range(9), "expected all or N,M,... with up to 8 different numbers"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(name, wrong, expected):
    with pytest.raises(InputError, match=f"^{name.replace('_', '-')}: found .*, {expected}"):
        AnimateOptions(**{name: wrong})


@pytest.mark.parametrize("other", [{"face": 1}, {"source_crop": "0,0,99"}])
def test_several_faces_exclude_the_choice_of_one(other):
    with pytest.raises(InputError, match="^faces: cannot be combined with"):
        AnimateOptions(faces="all", **other)


def test_a_run_ends_at_the_first_of_its_limits():
    assert AnimateOptions().frames(100, 25) == 100
    assert AnimateOptions(max_seconds=2, max_frames=60).frames(100, 25) == 50
    assert AnimateOptions(max_seconds=0.001).frames(100, 25) == 1
