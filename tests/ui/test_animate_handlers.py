"""What the Animate tab answers, without a browser."""

from itertools import islice
from types import SimpleNamespace
from zipfile import ZipFile

import pytest

from ostnet.media.video import VideoWriter, probe, read_frames
from ostnet.ui import animate_handlers as on
from ostnet.ui import previews, runs
from ostnet.ui.visitors import Visitors

REQUEST = SimpleNamespace(session_hash="ann")
FACE = ("around the face", 1, "")
CLIP = ("automatic", 1, "")


@pytest.fixture
def visitor(monkeypatch, tmp_path):
    visitors = Visitors(tmp_path)
    monkeypatch.setattr(on, "VISITORS", visitors)
    monkeypatch.setattr(previews, "VISITORS", visitors)
    monkeypatch.setattr(on.engine.PACE, "_seconds", {1: 0.1, 4: 0.5})
    return visitors.get("ann")


def test_the_crop_and_its_adjustment_are_shown_at_once(visitor, portrait_file):
    plain = previews.show_portrait(portrait_file, *FACE, REQUEST)
    drawn = previews.show_portrait(portrait_file, *FACE[:2], "10, 20, 300", REQUEST)
    assert plain.count("</figure>") == 2 and 'data-square="10,20,300"' in drawn
    assert "is not X,Y,SIDE" in previews.show_portrait(
        portrait_file, *FACE[:2], "a bit left", REQUEST
    )


def test_a_long_clip_is_shortened_and_the_page_says_so(visitor, driving_file):
    made = previews.show_driving(driving_file, 1, *CLIP, 0.5, REQUEST)
    assert "lasts 5.0 s; its first 1.0 s are used" in made
    assert "0.5 times as large" in made


def test_the_estimate_counts_frames_and_variants(visitor, portrait_file, driving_file):
    inputs = (portrait_file, *FACE[:2], driving_file, 1, *CLIP[:2])
    words, button = on.estimate(*inputs, True, None, REQUEST)
    assert words == "" and button.interactive is False  # nothing has been looked at yet
    previews.show_portrait(portrait_file, *FACE, REQUEST)
    previews.show_driving(driving_file, 1, *CLIP, 1, REQUEST)
    words, button = on.estimate(*inputs, True, None, REQUEST)
    assert words.startswith("25 frames, 4 variants each: about 14 s") and button.interactive
    words, _ = on.estimate(*inputs, False, None, REQUEST)
    assert words.startswith("25 frames: about 4 s")


def test_the_button_does_not_wait_for_the_estimate(
    visitor, portrait_file, driving_file, monkeypatch
):
    monkeypatch.setattr(on.engine.PACE, "_seconds", {})
    previews.show_portrait(portrait_file, *FACE, REQUEST)
    previews.show_driving(driving_file, 1, *CLIP, 1, REQUEST)
    words, button = on.estimate(
        portrait_file, *FACE[:2], driving_file, 1, *CLIP[:2], True, None, REQUEST
    )
    assert words == "25 frames, 4 variants each." and button.interactive


def test_without_inputs_the_button_cannot_be_pressed(visitor, portrait_file):
    _, button = on.estimate(portrait_file, *FACE[:2], None, 1, *CLIP[:2], True, None, REQUEST)
    assert button.interactive is False


SIZE, WINDOW, POSE = (
    next(iter(choices)) for choices in (on.RESULT_SIZES, on.SCALE_WINDOWS, on.HEAD_POSES)
)


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
        POSE,
        None,
        REQUEST,
    )
    (only,) = run
    assert "Stopped before it began" in only[0]
    assert visitor.runs == []


def test_more_files_make_pairs_and_all_of_them_fit_into_one_zip(
    visitor, portrait_file, driving_file, tmp_path
):
    second = tmp_path / "short.mp4"
    with VideoWriter(second, probe(driving_file).fps) as writer:
        for frame in islice(read_frames(driving_file), 2):
            writer.write(frame)
    run = on.animate(
        portrait_file, *FACE, str(second), 1, *CLIP, 1, True, True, False, False, 4,
        "256", WINDOW, POSE, [str(second)], REQUEST,
    )  # fmt: skip
    assert [made.result.frames for made in visitor.runs] == []
    last = list(run)[-1]
    assert "Pair 2 of 2. 2 frames" in last[0]
    *_, together, which = on.settle(REQUEST)
    with ZipFile(together.value["path"]) as archive:
        names = archive.namelist()
    assert {name.split("/")[1] for name in names} >= {"full.mp4", "grid.mp4", "trace.json"}
    assert len({name.split("/")[0] for name in names}) == len(which.choices) == 2


def test_a_still_picture_can_drive_and_gives_pictures(visitor, portrait_file):
    clip = on.perform_still(portrait_file, REQUEST)
    assert probe(clip).frames == 1
    list(on.animate(
        portrait_file, *FACE, clip, 1, *CLIP, 1, True, True, False, False, 4, "256", WINDOW, POSE,
        None, REQUEST,
    ))  # fmt: skip
    (run,) = visitor.runs
    assert {file.name for file in runs.files(run)} >= {"full.mp4", "full.png"}


def test_head_pose_and_scale_window_make_other_videos(visitor, portrait_file, driving_file):
    """All choices of the page reach the run."""
    made = {}
    first_second = next(words for words, value in on.SCALE_WINDOWS.items() if value == "start")
    for window, pose in ((WINDOW, POSE), (first_second, POSE), (WINDOW, "position"),
                         (WINDOW, "driver")):  # fmt: skip
        list(on.animate(
            portrait_file, *FACE, driving_file, 0.2, *CLIP, 1, True, True, False, False, 4, "256",
            window, pose, None, REQUEST,
        ))  # fmt: skip
        (run,) = visitor.runs
        assert run.result.frames == 5
        made[window, pose] = run.clip.read_bytes()
    assert len(set(made.values())) == 4


def test_too_many_pairs_are_refused_before_anything_runs(visitor, portrait_file, driving_file):
    inputs = (portrait_file, *FACE[:2], driving_file, 1, *CLIP[:2])
    previews.show_portrait(portrait_file, *FACE, REQUEST)
    previews.show_driving(driving_file, 1, *CLIP, 1, REQUEST)
    many = [driving_file] * 12
    words, button = on.estimate(*inputs, True, many, REQUEST)
    assert "at most 12" in words and button.interactive is False
