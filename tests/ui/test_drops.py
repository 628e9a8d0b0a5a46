"""Dropped files go to the boxes that they fit, and no other path is taken."""

from types import SimpleNamespace

import pytest

from ostnet.ui import drops
from ostnet.ui.drops import Sorted, sort
from ostnet.ui.given import is_clip, is_picture
from ostnet.ui.visitors import Visitors


def test_names_say_what_is_a_picture_and_what_a_clip():
    for name in ("me.HEIC", "me.jpg", "me.avif"):
        assert is_picture(name) and not is_clip(name)
    for name in ("IMG_1.MOV", "a.gif", "00001.MTS", "old.3gp", "driving.motion.safetensors"):
        assert is_clip(name) and not is_picture(name)
    for name in ("letter.txt", "model.safetensors", "nothing"):
        assert not is_clip(name) and not is_picture(name)


def test_the_first_of_each_kind_fills_its_box():
    dropped = ["1.mp4", "1.png", "2.png", "2.mp4"]
    assert sort(dropped) == Sorted("1.png", "1.mp4", None, ["2.png", "2.mp4"])
    assert sort(dropped, "still") == Sorted(None, "1.mp4", "1.png", ["2.png", "2.mp4"])
    assert sort(dropped, "more") == Sorted(more=dropped)


@pytest.fixture
def take(monkeypatch, tmp_path):
    """Ann drops files of this folder on the page, of which she has uploaded "mine.*"."""
    visitors = Visitors(tmp_path)
    monkeypatch.setattr(drops, "VISITORS", visitors)
    for name in ("mine.png", "mine.mp4", "other.png"):
        (tmp_path / name).touch()
    visitors.get("ann", str(tmp_path / "mine.png"), str(tmp_path / "mine.mp4"))

    def call(*names: str, refused=()) -> list:
        files = [str(tmp_path / name) for name in names]
        event = SimpleNamespace(files=files, refused=list(refused), box="")
        return drops.take("old.png", None, [], event, SimpleNamespace(session_hash="ann"))

    return call


def test_a_drop_replaces_the_portrait_and_its_squares(take, tmp_path):
    portrait, drawn, faces, clip, *_ = take("mine.png")
    assert (portrait, drawn, faces) == (str(tmp_path / "mine.png"), "", [])
    assert clip["__type__"] == "update" and "value" not in clip
    portrait, drawn, _, clip, clip_drawn, *_ = take("mine.mp4")
    assert (portrait, clip, clip_drawn) == ("old.png", str(tmp_path / "mine.mp4"), "")
    assert "value" not in drawn


def test_only_the_visitors_own_uploads_are_taken(take):
    for path in ("other.png", "../../etc/passwd", "mine.png/../other.png"):
        assert take(path)[0] == "old.png"


def test_the_reason_of_a_refusal_is_shown(take):
    with pytest.warns(UserWarning, match="letter.txt: found neither"):
        take(refused=["letter.txt: found neither a picture nor a clip"])
