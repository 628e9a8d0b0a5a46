"""What a user can get wrong: one line on standard error, exit code 2, no file left behind."""

import os
import shutil
from types import SimpleNamespace

import pytest
import torch

from ostnet import InputError
from ostnet.media.video import read_frames


@pytest.fixture
def refused(ostnet, portrait, clip, checkpoint, tmp_path):
    """Run ``animate`` with some flags replaced; the one line it ends with."""

    def run(command="animate", **changed) -> str:
        flags = {
            "source": portrait,
            "driving": clip,
            "checkpoint": checkpoint,
            "output": tmp_path / "out.mp4",
            **changed,
        }
        before = sorted(tmp_path.rglob("*"))
        given = [(f"--{name.replace('_', '-')}", value) for name, value in flags.items()]
        code, out, err = ostnet(command, *(part for pair in given for part in pair))
        assert code == 2
        assert out == ""
        assert err.startswith("ostnet: error: ") and err.endswith("\n") and err.count("\n") == 1
        assert sorted(tmp_path.rglob("*")) == before
        return err.removeprefix("ostnet: error: ").strip()

    return run


def text_file(folder, name):
    (folder / name).write_text("not what it says")
    return folder / name


def test_missing_files(refused, tmp_path):
    assert refused(source=tmp_path / "no.png").startswith("source: no file")
    assert refused(driving=tmp_path / "no.mp4").startswith("driving: no file")
    assert refused(source=tmp_path).startswith("source: ")


def test_an_address_is_no_file(refused):
    line = refused(driving="https://example.org/clip.mp4")
    assert line.startswith("driving: 'https://example.org/clip.mp4' is an address; download")


def test_a_square_drawn_beside_the_picture(refused):
    assert refused(source_crop="9000,0,50").startswith("source: the square 9000,0,50 lies outside")


def test_files_of_another_kind(refused, tmp_path, portrait):
    assert refused(source=text_file(tmp_path, "a.png")).startswith("source: 'a.png'")
    assert refused(driving=text_file(tmp_path, "a.mp4")).startswith("driving: 'a.mp4'")


def test_outputs(refused, tmp_path, portrait, clip):
    assert refused(output=tmp_path / "o.avi").startswith("output: ")
    assert refused(output=text_file(tmp_path, "note").parent).startswith("output: ")  # not empty
    assert refused(output=portrait / "o.mp4").startswith("output: ")
    assert refused(trace=tmp_path / "t.txt").startswith("trace: ")
    assert refused("compare", output=text_file(tmp_path, "file")).startswith("output: ")


def test_permissions_are_checked_before_anything_is_loaded(refused, tmp_path, monkeypatch):
    """Root may do everything, so that the system's answer is replaced."""
    closed = text_file(tmp_path, "closed.png")
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed and allowed(path, mode))
    assert refused(source=closed).startswith("source: no permission to read")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and allowed(path, mode))
    monkeypatch.setattr("ostnet.animation.pipeline.resolve", None)
    for command, output in (("animate", "o.mp4"), ("compare", "o")):
        said = refused(command, output=tmp_path / output)
        assert said.startswith(f"output: the folder '{tmp_path}' cannot be written")


def test_a_full_disk_is_named_before_anything_is_loaded(refused, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert refused().startswith(f"output: the disk of '{tmp_path}' is full")


def test_a_pipe_is_no_clip(refused, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe or device" in refused(driving=tmp_path / "pipe")


def test_an_input_is_never_overwritten(refused, tmp_path, clip):
    copy = shutil.copy(clip, tmp_path / "clip.mp4")
    assert refused(driving=copy, output=copy).startswith("output: ")


@pytest.mark.parametrize("value", ["0", "-1", "5.1", "1,2,3", "nan", "big", "1,"])
def test_driving_zoom(refused, value):
    assert refused(driving_zoom=value).startswith("driving-zoom: ")


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("source_crop", "round"),
        ("source_crop", "1,2"),
        ("source_crop", "1,2,0"),
        ("driving_crop", "tight"),
        ("alignment", "guess"),
        ("motion", "none"),
        ("max_frames", "0"),
        ("max_frames", "some"),
        ("face", "-1"),
        ("backend", "tpu"),
        ("device", "abacus"),
    ],
)
def test_unknown_values(refused, flag, value):
    line = refused(**{flag: value})
    assert line.startswith(flag.replace("_", "-") + ": ") and value in line


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_here(refused):
    assert refused(device="cuda").startswith("device: 'cuda'")


@pytest.mark.parametrize("command", ["animate", "compare"])
def test_a_failure_on_the_way_leaves_nothing_behind(
    command, ostnet, portrait, clip, checkpoint, tmp_path, monkeypatch
):
    from ostnet.animation import scene

    def ends_early(path, *arguments, **options):
        frames = read_frames(path, *arguments, **options)
        yield next(frames)
        raise InputError("driving: the disk went away; put it back")

    monkeypatch.setattr(scene, "read_frames", ends_early)
    output = tmp_path / ("out.mp4" if command == "animate" else "out")
    code, _, err = ostnet(
        command, "--source", portrait, "--driving", clip, "--checkpoint", checkpoint,
        "--driving-crop", "none", "--output", output,
    )  # fmt: skip
    assert (code, err.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_face_that_is_not_there(refused):
    assert refused(face=7).startswith("source: ")


def test_checkpoints(refused, tmp_path, checkpoint):
    assert refused(checkpoint=tmp_path / "none").startswith("checkpoint: no folder")
    assert "no config.json" in refused(checkpoint=tmp_path)
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nothing")
    assert "safetensors" in refused(checkpoint=broken)
    (broken / "model.safetensors").unlink()
    (broken / "pytorch_model.bin").write_bytes(b"a pickle")
    assert "no model.safetensors" in refused(checkpoint=broken)


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["dance"], "command: 'dance'"),
        (["animate"], "--source, --driving, --output: missing"),
        (["animate", "--source"], "source: expected one argument"),
        (["animate", "--driveing", "x"], "--driveing: not an argument of this command; did you"),
        (["compare", "--source", __file__, "--driving", __file__, "--output", "o", "--spin"],
         "--spin: not an argument"),
        (["evaluate", "--data", "x"], "--protocol, --output: missing"),
        (["evaluate", "--data", "x", "--protocol", "y", "--output", "z"], "protocol: 'y'"),
        (["train", "--batch", "many"], "batch: "),
        (["train", "--data", "x", "--output", "y", "--recipe", "cake"], "recipe: "),
    ],
)  # fmt: skip
def test_arguments(ostnet, arguments, start):
    code, out, err = ostnet(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"ostnet: error: {start}") and err.count("\n") == 1
