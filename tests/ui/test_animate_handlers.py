"""Answers of the Animate tab's handlers, without a browser."""

import re
import shutil
from collections.abc import Callable
from dataclasses import astuple
from itertools import islice
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from ostnet.animation.motion_file import is_motion, load_motion, record
from ostnet.media.signing import SOURCE_TYPE
from ostnet.media.video import VideoWriter, probe, read_frames
from ostnet.options import AnimateOptions
from ostnet.ui import animate_handlers as on
from ostnet.ui import previews, runs
from ostnet.ui.given import SCALE_WINDOWS, Given
from ostnet.ui.visitors import Visitors

REQUEST = SimpleNamespace(session_hash="ann")


@pytest.fixture
def visitor(monkeypatch, tmp_path):
    visitors = Visitors(tmp_path)
    monkeypatch.setattr(on, "VISITORS", visitors)
    monkeypatch.setattr(previews, "VISITORS", visitors)
    monkeypatch.setattr(on.engine.PACE, "_seconds", {1: 0.1, 4: 0.5})
    return visitors.get("ann")


@pytest.fixture
def ask(portrait_file, driving_file) -> Callable:
    """Call a handler with a second of the example, and what is given otherwise."""

    def call(handler: Callable, **given: object) -> object:
        example = {"portrait": portrait_file, "clip": driving_file, "seconds": 1}
        return handler(REQUEST, *astuple(Given(**example | given)))

    return call


def test_the_crop_and_its_adjustment_are_shown_at_once(visitor, ask):
    assert ask(previews.show_portrait)[0].count("</figure>") == 2
    assert 'data-square="10,20,300"' in ask(previews.show_portrait, drawn="10, 20, 300")[0]
    assert "is not X,Y,SIDE" in ask(previews.show_portrait, drawn="a bit left")[0]


def test_faces_of_a_group_are_numbered_and_animated_together(visitor, ask, portrait_file, tmp_path):
    one, path = Image.open(portrait_file).convert("RGB"), tmp_path / "group.png"
    Image.fromarray(np.hstack([one, one])).save(path)
    assert ask(previews.show_portrait)[1].visible is False
    html, choice = ask(previews.show_portrait, portrait=str(path))
    assert choice.visible and [value for _, value in choice.choices] == ["1", "2"]
    assert len(re.search('data-faces="(.*?)"', html)[1].split()) == 2
    given = {"portrait": str(path), "faces": ["1", "2"], "seconds": 0.08}
    ask(previews.show_driving, **given)
    assert ask(on.estimate, **given)[0].startswith("2 frames, 2 faces: about 1 s")
    *_, last = ask(on.animate, **given)
    (run,) = visitor.runs
    info = probe(run.clip)
    assert (info.width, info.height, info.frames) == (2 * one.width, one.height, 2)
    assert "first of the faces" in last[1]


def test_what_distorts_the_chosen_faces_of_a_group_is_said(ask, portrait_file, tmp_path):
    cut = np.asarray(Image.open(portrait_file).convert("RGB"))[100:]  # without hair
    path = tmp_path / "group.png"
    Image.fromarray(np.hstack([cut, cut])).save(path)
    for chosen, said in (["1"], "face 1"), (["2"], "face 2"), (["1", "2"], "faces 1, 2"):
        html, _ = ask(previews.show_portrait, portrait=str(path), faces=chosen)
        assert re.findall(r"(faces? [\d, ]+): the picture ends just above", html) == [said]


def test_a_change_of_a_strength_shows_one_frame_with_it(visitor, ask):
    once = ask(previews.show_strengths, only="the mouth")
    assert once.count("</figure>") == 2
    assert once != ask(previews.show_strengths, only="the mouth", mouth=0.2)
    assert "pose: found" in ask(previews.show_strengths, head=0, pose="driver")


def test_a_long_clip_is_shortened_and_the_page_says_so(visitor, ask):
    made = ask(previews.show_driving, zoom=0.5)
    assert "lasts 5.0 s; its first 1.0 s are used" in made
    assert "0.5 times as large" in made


def test_the_estimate_counts_frames_variants_and_pairs(visitor, ask, driving_file, monkeypatch):
    words, button = ask(on.estimate)
    assert words == "" and button.interactive is False  # nothing has been previewed yet
    ask(previews.show_portrait)
    ask(previews.show_driving)
    words, button = ask(on.estimate)
    assert words.startswith("25 frames, 4 variants each: about 14 s") and button.interactive
    assert ask(on.estimate, compare=False)[0].startswith("25 frames: about 4 s")
    words, button = ask(on.estimate, more=[driving_file] * 12)
    assert "at most 12" in words and button.interactive is False
    assert ask(on.estimate, clip=None)[1].interactive is False
    monkeypatch.setattr(on.engine.PACE, "_seconds", {})
    words, button = ask(on.estimate)
    assert words == "25 frames, 4 variants each." and button.interactive
    monkeypatch.setattr(on.engine, "ZERO_GPU", True)
    assert " Reserves 14 s of your GPU quota" in ask(on.estimate)[0]  # 1.5 times 8 + .06 * 25


def test_a_run_stopped_while_it_waits_does_not_begin(visitor, ask):
    on.start(REQUEST)
    on.stop(REQUEST)
    (only,) = ask(on.animate)
    assert "Stopped before it began" in only[0]
    assert visitor.runs == []


def test_more_files_make_pairs_and_all_of_them_fit_into_one_zip(
    visitor, ask, driving_file, tmp_path
):
    second = tmp_path / "short.mp4"
    with VideoWriter(second, probe(driving_file).fps) as writer:
        for frame in islice(read_frames(driving_file), 2):
            writer.write(frame)
    clips = {"clip": str(second), "more": [str(second)]}
    *_, last = ask(on.animate, compare=False, size="256", **clips)
    assert "Pair 2 of 2. 2 frames" in last[0]
    *_, together, which = on.settle(REQUEST)
    with ZipFile(together.value["path"]) as archive:
        names = archive.namelist()
    assert {name.split("/")[1] for name in names} >= {"full.mp4", "grid.mp4", "trace.json"}
    assert len({name.split("/")[0] for name in names}) == len(which.choices) == 2


def test_a_still_picture_can_drive_and_gives_pictures(visitor, ask, portrait_file):
    clip = on.perform_still(portrait_file, REQUEST)
    assert probe(clip).frames == 1
    list(ask(on.animate, clip=clip, compare=False, size="256"))
    (run,) = visitor.runs
    files = {file.name: file for file in runs.files(run)}
    assert all(
        SOURCE_TYPE.encode() in files[f"full.{kind}"].read_bytes() for kind in ("mp4", "png")
    )


def test_a_run_offers_its_motion_file_which_alone_drives_another_run(visitor, ask, tmp_path):
    """It holds what ``ostnet motion`` would compute from the clip once more."""
    list(ask(on.animate, seconds=0.12, compare=False, size="256"))
    (run,) = visitor.runs
    (made,) = [file for file in runs.files(run) if is_motion(file)]
    assert made.is_relative_to(visitor.folder)  # so it is deleted with the other results
    motion, options = load_motion(made), AnimateOptions(max_frames=3)
    again = record(on.engine.pipeline(), run.scene.driving, options)
    np.testing.assert_allclose(motion.keypoints, again.keypoints, atol=1e-5)
    assert motion.faces.tolist() == again.faces.tolist() == [True] * 3
    assert motion.cuts.tolist() == again.cuts.tolist()
    assert (motion.fps, motion.detector) == (again.fps, on.engine.pipeline().detector)

    kept = shutil.copy(made, tmp_path)
    alone = {"clip": None, "more": [str(kept)], "compare": False, "size": "256"}
    ask(previews.show_portrait, **alone)
    assert "keypoints of driving.motion.safetensors" in ask(previews.show_driving, **alone)
    words, button = ask(on.estimate, **alone)
    assert words.startswith("3 frames:") and button.interactive
    list(ask(on.animate, **alone))
    (second,) = visitor.runs
    assert probe(second.clip).frames == 3
    assert not any(map(is_motion, runs.files(second)))  # the visitor has it


def test_all_choices_reach_the_run_and_its_result_is_pasted_back(visitor, ask, monkeypatch):
    made = set()
    first_second = next(words for words, value in SCALE_WINDOWS.items() if value == "start")
    for choice in ({}, {"window": first_second}, {"pose": "position"}, {"pose": "driver"}):
        list(ask(on.animate, seconds=0.2, compare=False, size="256", **choice))
        (run,) = visitor.runs
        assert run.result.frames == 5
        made.add(run.clip.read_bytes())
    assert len(made) == 4
    monkeypatch.setattr(runs, "PASTED_SIDE", 300)
    assert "in the portrait" in on.paste(0, REQUEST).value
    pasted, single = probe(run.clip.with_name("portrait.mp4")), probe(run.clip)
    assert (pasted.frames, pasted.fps, pasted.audio) == (5, single.fps, single.audio)
    assert max(pasted.width, pasted.height) == 300
