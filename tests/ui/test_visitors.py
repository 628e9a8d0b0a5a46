"""Files belong to one visitor and are deleted when the visitor leaves."""

import os
import time
from pathlib import Path

import gradio as gr
import pytest

from ostnet.errors import InputError
from ostnet.media.video import read_frames
from ostnet.ui.cleanup import LONGEST_VISIT, UPLOADED
from ostnet.ui.visitors import MOST_RUNS, Visitors


@pytest.fixture
def visitors(tmp_path):
    """Visitors without a grace period."""
    return Visitors(tmp_path, grace=0)


@pytest.fixture
def upload(tmp_path) -> str:
    path = tmp_path / "me.jpg"
    path.write_text("picture")
    return str(path)


def deleted(path: str | Path) -> bool:
    """Whether a file is deleted within a second: a timer does it."""
    for _ in range(100):
        if not os.path.exists(path):
            return True
        time.sleep(0.01)
    return False


def later(monkeypatch, seconds: float) -> None:
    """Let so much time pass."""
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + seconds)


def test_results_and_uploads_are_deleted_when_the_visitor_leaves(visitors, upload, tmp_path):
    outside = Visitors(tmp_path / "cache", grace=0)  # an upload outside the cache stays
    folder = outside.get("ann", upload).folder
    outside.leave("ann")
    assert deleted(folder) and os.path.exists(upload)
    visitor = visitors.get("ann", upload, None)
    result = visitor.run_folder() / "full.mp4"
    result.write_text("video")
    visitors.leave("ann")
    assert not result.exists() and deleted(upload)
    assert visitor.stop.is_set()


def test_an_upload_that_somebody_else_has_sent_too_stays(visitors, upload, tmp_path):
    visitors.get("bob", upload)
    ann = visitors.get("ann", upload).folder
    visitors.leave("ann")
    assert deleted(ann) and os.path.exists(upload)
    again = tmp_path / "same again.jpg"  # a third one waits for a turn: no visitor owns it yet
    again.write_text("picture")
    again.rename(upload)  # as Gradio does
    visitors.leave("bob")
    visitors.get("carl", upload)
    assert os.path.exists(upload)
    visitors.leave("carl")
    assert deleted(upload)


def test_two_visitors_have_different_folders_that_cannot_be_guessed(visitors):
    ann, bob = visitors.get("ann"), visitors.get("bob")
    assert ann is visitors.get("ann") and ann.folder != bob.folder
    assert "ann" not in ann.folder.name
    assert ann.folder.stat().st_mode & 0o077 == 0
    assert visitors.get(None).folder != visitors.get(None).folder, "callers without a session"


def test_only_the_newest_runs_are_kept(visitors):
    visitor = visitors.get("a program that never leaves")
    made = [visitor.run_folder() for _ in range(MOST_RUNS + 3)]
    assert [folder for folder in made if folder.exists()] == made[3:]
    visitor.forget_runs()
    assert not made[-1].exists() and visitor.run_folder().exists()


def test_previews_are_cached_and_only_the_newest_kept(visitors):
    visitor, calls = visitors.get("ann"), []
    for key in (1, 1, 2, 3, 1):
        visitor.once(key, lambda key=key: calls.append(key) or key, keep=2)
    assert calls == [1, 2, 3, 1]


def test_files_of_a_run_whose_visitor_has_left_are_deleted_at_its_end(visitors):
    ann = visitors.get("ann")
    with ann.at_work():
        visitors.leave("ann")
        assert ann.stop.is_set() and ann.folder.exists()
        (ann.folder / "late.mp4").write_text("video")
    assert deleted(ann.folder)


def test_no_job_begins_after_its_visitor_has_left(visitors, monkeypatch):
    visitors.get("ann")
    for name in ("ann", "bob"):  # bob's first job has only just been taken from the queue
        visitors.leave(name)
        with pytest.raises(gr.Error, match="closed"):
            visitors.get(name)
    monkeypatch.setattr("ostnet.ui.visitors.CLOSED_SECONDS", 0)
    assert visitors.get("ann").folder.exists()


def test_a_clip_whose_visitor_has_left_is_not_read_to_its_end(visitors, driving_file):
    ann, read = visitors.get("ann"), []

    def look():
        for frame in read_frames(driving_file, cancel=ann.gone.is_set):
            read.append(frame)
            visitors.leave("ann")

    with pytest.raises(InputError, match="the job was cancelled"):
        ann.once("clip", look)
    assert len(read) == 1


def test_files_of_interrupted_uploads_are_deleted(visitors, tmp_path, monkeypatch):
    """Empty ones and partial ones; not those that still grow."""
    for name in ("tmpempty", "tmphalf", "tmpgrows"):
        (tmp_path / name).write_text("" if name == "tmpempty" else "pic")
    visitors.get("ann")
    later(monkeypatch, UPLOADED + 1)
    (tmp_path / "tmpgrows").write_text("picture")
    (tmp_path / "tmpnew").touch()
    visitors.get("ann")
    assert {path.name for path in tmp_path.glob("tmp*")} == {"tmpnew", "tmpgrows"}
    # an upload is renamed between the listing and the look at its size
    monkeypatch.setattr(type(tmp_path), "glob", lambda folder, pattern: [tmp_path / "tmprenamed"])
    assert visitors.get("ann").folder.exists()


def test_idle_visitors_old_runs_and_earlier_folders_are_deleted(tmp_path, monkeypatch):
    before, recent = tmp_path / "visitor-of-yesterday", tmp_path / "visitor-of-this-hour"
    for folder in (before, recent):
        folder.mkdir()
    os.utime(before, (0, 0))
    visitors = Visitors(tmp_path)
    idle, program = visitors.get("ann"), visitors.get("a program that asks day and night")
    assert recent.exists() and not before.exists()
    idle.seen -= LONGEST_VISIT + 1
    old, new = program.run_folder(), program.run_folder()
    program.made[old] -= LONGEST_VISIT + 1
    visitors.get("bob")
    assert not idle.folder.exists()
    assert new.exists() and not old.exists()
    later(monkeypatch, LONGEST_VISIT + 1)
    visitors.get("bob")
    assert not recent.exists()


def test_a_link_named_like_a_visitor_is_not_followed(tmp_path, monkeypatch):
    """On a machine of many users anybody may write to the folder of temporary files."""
    mine = tmp_path / "mine" / "run-1"
    mine.mkdir(parents=True)
    os.utime(mine, (0, 0))
    cache = tmp_path / "gradio"
    cache.mkdir()
    (cache / "visitor-x").symlink_to(mine.parent)
    visitors = Visitors(cache)
    visitors.get("ann")
    later(monkeypatch, LONGEST_VISIT + 1)
    visitors.get("ann")
    assert mine.exists()


def test_inputs_are_restored_after_a_reload(tmp_path, upload):
    visitors = Visitors(tmp_path, grace=1)
    before = visitors.get("before", upload)
    made = before.input_folder() / "a still that drives.mp4"
    made.write_text("video")
    visitors.get("before", str(made))
    visitors.leave("before")
    assert visitors.inherited("after", before.token, upload) == upload
    copy = visitors.inherited("after", before.token, str(made))
    assert copy != str(made) and open(copy).read() == "video"
    assert before.forgotten.wait(30) and visitors.get("after")
    assert os.path.exists(upload) and os.path.exists(copy), "they belong to the new visit now"


def test_nobody_gets_files_of_another_visitor(visitors, upload):
    ann, bob = visitors.get("ann", upload), visitors.get("bob")
    for token, path in (
        ("a guess", upload), (bob.token, upload), (ann.token, "/etc/passwd"), (ann.token, None),
    ):  # fmt: skip
        assert visitors.inherited("eve", token, path) is None
    os.unlink(upload)
    assert visitors.inherited("eve", ann.token, upload) is None


def test_a_clock_that_jumps_deletes_nothing(visitors, tmp_path, monkeypatch):
    ann = visitors.get("ann")
    run, upload = ann.run_folder(), tmp_path / "tmpupload"
    upload.touch()
    neighbour = Visitors(tmp_path).get("of another page on the same machine").run_folder()
    visitors.get("ann")
    tomorrow = time.time() + 86400
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    assert visitors.get("bob") and visitors.get("ann") is ann
    assert run.exists() and neighbour.exists() and upload.exists()
