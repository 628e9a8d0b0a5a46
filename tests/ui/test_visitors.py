"""Files belong to one visitor and go when the visitor goes."""

import os
import time

import gradio as gr
import pytest

from ostnet.errors import InputError
from ostnet.media.video import read_frames
from ostnet.ui.cleanup import LONGEST_VISIT, UPLOADED
from ostnet.ui.visitors import MOST_RUNS, Visitors


@pytest.fixture
def visitors(tmp_path):
    """Nobody comes back."""
    return Visitors(tmp_path, patience=0)


def gone(path) -> bool:
    """Whether a file is deleted within a second: a timer does it."""
    for _ in range(100):
        if not path.exists():
            return True
        time.sleep(0.01)
    return False


def test_results_and_uploads_go_when_the_visitor_leaves(visitors, tmp_path):
    upload = tmp_path / "abc" / "me.jpg"
    upload.parent.mkdir()
    upload.write_text("picture")
    visitor = visitors.get("ann", str(upload), None)
    result = visitor.run_folder() / "full.mp4"
    result.write_text("video")

    visitors.leave("ann")

    assert not result.exists() and gone(upload)
    assert visitor.stop.is_set()


def test_an_upload_that_somebody_else_has_sent_too_stays(visitors, tmp_path):
    upload = tmp_path / "same.jpg"
    upload.write_text("picture")
    visitors.get("ann", str(upload))
    visitors.get("bob", str(upload))
    ann = visitors.get("ann").folder
    visitors.leave("ann")
    assert gone(ann) and upload.exists()
    visitors.leave("bob")
    assert gone(upload)


def test_an_upload_that_somebody_else_is_just_sending_stays(visitors, tmp_path):
    """The second one waits for a turn, so that nobody knows of it yet."""
    upload, again = tmp_path / "same.jpg", tmp_path / "same again.jpg"
    upload.write_text("picture")
    visitors.get("ann", str(upload))
    again.write_text("picture")
    again.rename(upload)  # as gradio does
    visitors.leave("ann")
    assert upload.exists()


def test_files_outside_the_cache_are_never_deleted(tmp_path):
    visitors = Visitors(tmp_path / "cache", patience=0)
    example = tmp_path / "example.png"
    example.write_text("picture")
    folder = visitors.get("ann", str(example)).folder
    visitors.leave("ann")
    assert gone(folder) and example.exists()


def test_two_visitors_have_different_folders_that_cannot_be_guessed(visitors):
    ann, bob = visitors.get("ann"), visitors.get("bob")
    assert ann is visitors.get("ann")
    assert ann.folder != bob.folder
    assert "ann" not in ann.folder.name
    assert ann.folder.stat().st_mode & 0o077 == 0


def test_callers_without_a_session_share_nothing(visitors):
    assert visitors.get(None).folder != visitors.get(None).folder


def test_a_new_run_forgets_the_old_ones(visitors):
    visitor = visitors.get("ann")
    old = visitor.run_folder()
    visitor.forget_runs()
    assert not old.exists()
    assert visitor.run_folder().exists()


def test_of_a_program_that_never_leaves_only_the_newest_runs_stay(visitors):
    visitor = visitors.get("ann")
    made = [visitor.run_folder() for _ in range(MOST_RUNS + 3)]
    assert [folder for folder in made if folder.exists()] == made[3:]


def test_looks_are_remembered_and_only_the_newest_kept(visitors):
    visitor, calls = visitors.get("ann"), []
    for key in (1, 1, 2, 3, 1):
        visitor.once(key, lambda key=key: calls.append(key) or key, keep=2)
    assert calls == [1, 2, 3, 1]


def test_what_a_run_leaves_after_its_visitor_has_left_goes_at_its_end(visitors):
    ann = visitors.get("ann")
    steps = ann.at_work(iter([1, 2]))
    next(steps)
    visitors.leave("ann")
    assert ann.stop.is_set() and ann.folder.exists()
    (ann.folder / "late.mp4").write_text("video")
    assert list(steps) == [2]
    assert gone(ann.folder)


def test_nothing_is_begun_for_one_who_has_just_left(visitors, monkeypatch):
    visitors.get("ann")
    for name in ("ann", "bob"):  # bob's first job has only just been taken from the queue
        visitors.leave(name)
        with pytest.raises(gr.Error, match="closed"):
            visitors.get(name)
    monkeypatch.setattr("ostnet.ui.visitors.AFTERWARDS", 0)
    assert visitors.get("ann").folder.exists()


def test_a_clip_that_nobody_waits_for_is_not_read_to_its_end(visitors, driving_file):
    ann, read = visitors.get("ann"), []

    def look():
        for frame in read_frames(driving_file):
            read.append(frame)
            visitors.leave("ann")

    with pytest.raises(InputError, match="nobody waits"):
        ann.once("clip", look)
    assert len(read) == 1


def later(monkeypatch, seconds: float):
    """So much time passes."""
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + seconds)


def test_files_that_uploads_leave_behind_go(visitors, tmp_path, monkeypatch):
    """Empty ones, and halves of what was broken off; not those that still grow."""
    for name in ("tmpempty", "tmphalf", "tmpgrows"):
        (tmp_path / name).write_text("" if name == "tmpempty" else "pic")
    visitors.get("ann")
    later(monkeypatch, UPLOADED + 1)
    (tmp_path / "tmpgrows").write_text("picture")
    (tmp_path / "tmpnew").touch()
    visitors.get("ann")
    assert {path.name for path in tmp_path.glob("tmp*")} == {"tmpnew", "tmpgrows"}


def test_a_file_that_goes_while_others_are_looked_at(visitors, tmp_path, monkeypatch):
    gone = tmp_path / "tmpgone"  # an upload is renamed between the list and the look
    monkeypatch.setattr(type(tmp_path), "glob", lambda folder, pattern: [gone])
    visitors.get("ann")
    later(monkeypatch, UPLOADED + 1)
    assert visitors.get("ann").folder.exists()


def test_whoever_does_nothing_for_hours_is_forgotten(visitors):
    idle = visitors.get("ann")
    idle.seen -= LONGEST_VISIT + 1
    visitors.get("bob")
    assert not idle.folder.exists()


def test_what_an_earlier_process_has_left_goes(tmp_path, monkeypatch):
    old, young = tmp_path / "visitor-of-yesterday", tmp_path / "visitor-of-this-hour"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, 0))
    visitors = Visitors(tmp_path)
    visitors.get("ann")
    assert young.exists() and not old.exists()
    later(monkeypatch, LONGEST_VISIT + 1)
    visitors.get("bob")
    assert not young.exists()


def test_a_link_that_is_called_as_a_visitor_is_not_followed(tmp_path, monkeypatch):
    """On a machine of many users anybody may write to the folder of temporary files."""
    mine = tmp_path / "mine" / "run-1"
    mine.mkdir(parents=True)
    os.utime(mine, (0, 0))
    cache = tmp_path / "gradio"
    cache.mkdir()
    (cache / "visitor-x").symlink_to(mine.parent)
    visitors = Visitors(cache)
    later(monkeypatch, LONGEST_VISIT + 1)
    visitors.get("ann")
    assert mine.exists()


def test_results_of_whoever_never_leaves_do_not_pile_up(visitors):
    program = visitors.get("a program that asks day and night")
    old, new = program.run_folder(), program.run_folder()
    program.made[old] -= LONGEST_VISIT + 1
    visitors.get("bob")
    assert new.exists() and not old.exists()


@pytest.fixture
def upload(tmp_path):
    path = tmp_path / "me.jpg"
    path.write_text("picture")
    return str(path)


def test_whoever_reloads_the_page_finds_the_inputs_again(tmp_path, upload):
    visitors = Visitors(tmp_path, patience=1)
    before = visitors.get("before", upload)
    made = before.input_folder() / "a still that drives.mp4"
    made.write_text("video")
    visitors.get("before", str(made))
    visitors.leave("before")
    assert visitors.inherited("after", before.token, upload) == upload
    copy = visitors.inherited("after", before.token, str(made))
    assert copy != str(made) and open(copy).read() == "video"
    assert before.forgotten.wait(30) and visitors.get("after")
    assert os.path.exists(upload) and os.path.exists(copy), "they are the new visit's now"


def test_nobody_gets_files_of_another_visitor(visitors, tmp_path, upload):
    ann, bob = visitors.get("ann", upload), visitors.get("bob")
    assert visitors.inherited("eve", "a guess", upload) is None
    assert visitors.inherited("eve", bob.token, upload) is None
    assert visitors.inherited("eve", ann.token, "/etc/passwd") is None
    assert visitors.inherited("eve", ann.token, None) is None
    os.unlink(upload)
    assert visitors.inherited("eve", ann.token, upload) is None


def test_a_clock_that_jumps_forgets_nobody(visitors, tmp_path, monkeypatch):
    ann = visitors.get("ann")
    run, upload = ann.run_folder(), tmp_path / "tmpupload"
    upload.touch()
    neighbour = Visitors(tmp_path).get("of another page on the same machine").run_folder()
    visitors.get("ann")
    tomorrow = time.time() + 86400
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    assert visitors.get("bob") and visitors.get("ann") is ann
    assert run.exists() and neighbour.exists() and upload.exists()
