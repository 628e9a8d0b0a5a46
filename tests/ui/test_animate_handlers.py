"""What the Animate tab answers, without a browser."""

from types import SimpleNamespace

import pytest

from ostnet.ui import animate_handlers as on
from ostnet.ui.visitors import Visitors

REQUEST = SimpleNamespace(session_hash="ann")
FACE = ("around the face", 1, 1, 0, 0)
CLIP = ("automatic", 1)


@pytest.fixture
def visitor(monkeypatch, tmp_path):
    visitors = Visitors(tmp_path)
    monkeypatch.setattr(on, "VISITORS", visitors)
    monkeypatch.setattr(on.engine.PACE, "_seconds", {1: 0.1, 4: 0.5})
    return visitors.get("ann")


def test_the_crop_and_its_adjustment_are_shown_at_once(visitor, portrait_file):
    plain = on.show_portrait(portrait_file, *FACE, REQUEST)
    larger = on.show_portrait(portrait_file, "around the face", 1, 1.5, 0, 0, REQUEST)
    assert plain.count("<figure>") == 2 and plain != larger


def test_a_long_clip_is_shortened_and_the_page_says_so(visitor, driving_file):
    made = on.show_driving(driving_file, 1, *CLIP, 0.5, REQUEST)
    assert "lasts 5.0 s; its first 1.0 s are used" in made
    assert "0.5 times as large" in made


def test_the_estimate_counts_frames_and_variants(visitor, portrait_file, driving_file):
    inputs = (portrait_file, *FACE[:2], driving_file, 1, *CLIP)
    words, button = on.estimate(*inputs, True, REQUEST)
    assert words == "" and button.interactive is False  # nothing has been looked at yet
    on.show_portrait(portrait_file, *FACE, REQUEST)
    on.show_driving(driving_file, 1, *CLIP, 1, REQUEST)
    words, button = on.estimate(*inputs, True, REQUEST)
    assert words.startswith("25 frames, 4 variants each: about 14 s") and button.interactive
    words, _ = on.estimate(*inputs, False, REQUEST)
    assert words.startswith("25 frames: about 4 s")


def test_without_inputs_the_button_cannot_be_pressed(visitor, portrait_file):
    _, button = on.estimate(portrait_file, *FACE[:2], None, 1, *CLIP, True, REQUEST)
    assert button.interactive is False


SIZE, WINDOW = next(iter(on.RESULT_SIZES)), next(iter(on.SCALE_WINDOWS))


def test_a_run_stopped_while_it_waits_does_not_begin(visitor, portrait_file, driving_file):
    on.start(REQUEST)
    on.stop(REQUEST)
    run = on.animate(
        portrait_file,
        *FACE,
        driving_file,
        1,
        *CLIP,
        1,
        True,
        True,
        True,
        False,
        4,
        SIZE,
        WINDOW,
        REQUEST,
    )
    (only,) = run
    assert "Stopped before it began" in only[0]
    assert visitor.last is None
