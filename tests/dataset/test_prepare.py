"""From a folder of films to a data folder that training and evaluation read."""

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from ostnet.dataset.prepare import preparation
from ostnet.dataset.prepare.preparation import prepare
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.errors import InputError
from ostnet.evaluation.data.clips import load_frames, read_clips
from ostnet.media.detector_dlib import DlibDetector
from ostnet.media.video import read_frames
from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import FrameStore

pytestmark = pytest.mark.filterwarnings("ignore:split val has no clip")


def table(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def contents(folder) -> dict[str, bytes]:
    """Every file below a folder, but for those that say how far the work is."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "done"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


@pytest.fixture(scope="module")
def prepared(films, tmp_path_factory):
    """The films, prepared once; its split is the one of seed 0."""
    config = PrepareConfig(
        films, tmp_path_factory.mktemp("prepared"), size=64, min_frames=15, min_face=40,
        detector="dlib", max_shift=0.4, val_share=0.5,
    )  # fmt: skip
    return config, prepare(config)


def test_each_face_of_each_shot_becomes_a_clip(prepared):
    config, summary = prepared
    rows = table(config.output / "manifest.csv")
    found = [(r["source"], float(r["start"]), float(r["end"]), int(r["frames"])) for r in rows]
    assert found == [
        ("talk/one.mp4", 0.0, 1.2, 30),
        ("talk/one.mp4", 1.68, 2.68, 25),
        ("two.mp4", 0.0, 0.8, 20),
        ("two.mp4", 0.0, 0.8, 20),
    ]
    assert {row["identity"] for row in rows} == {"talk/one", "two"}
    assert {row["kind"] for row in rows} == {"clip"}
    assert sum(summary.clips.values()) == 4 and sum(summary.people.values()) == 2
    for row in rows:
        assert len(list(read_frames(config.output / row["file"]))) == int(row["frames"])


def test_one_square_holds_the_face_from_beginning_to_end(prepared, films):
    config, _ = prepared
    row = table(config.output / "manifest.csv")[0]
    left, top, side = (int(row[name]) for name in ("left", "top", "side"))
    frames = list(read_frames(films / "talk" / "one.mp4"))
    boxes = [DlibDetector().detect(frames[index])[0] for index in (0, 29)]
    assert boxes[1].left - boxes[0].left > 30  # she moves
    union = boxes[0].left, boxes[1].right
    assert left + side / 2 == pytest.approx(sum(union) / 2, abs=8)
    assert side == pytest.approx(union[1] - union[0] + 0.85 * float(row["face"]), abs=12)
    clip = list(read_frames(config.output / row["file"]))
    assert clip[0].shape == (64, 64, 3)
    cut = frames[15][top : top + side : 8, left : left + side : 8].astype(float)
    assert abs(cut.mean() - clip[15].mean()) < 6


def test_a_file_that_is_no_video_is_listed_with_its_reason(prepared):
    config, summary = prepared
    (row,) = [row for row in table(config.output / "skipped.csv") if row["video"] == "broken.mp4"]
    assert "contains no readable video" in row["reason"]
    assert summary.skips >= 1


def test_training_and_evaluation_read_the_result(prepared, tmp_path):
    config, summary = prepared
    assert set(summary.clips) == {"train", "val"}
    settings = {"data": str(config.output), "cache": str(tmp_path)}
    store = FrameStore(TrainConfig(**settings, resolution=64, workers=1))
    store.wait()
    assert len(store.clips) == summary.clips["train"] and store.skipped == []
    assert store.sample(2, torch.Generator().manual_seed(0)).source.shape == (2, 3, 64, 64)
    clips = read_clips(config.output)
    assert len(clips) == summary.clips["val"]
    assert load_frames(config.output / clips[0].file, [3])[0].shape == (256, 256, 3)


def test_the_same_command_again_does_nothing(prepared, monkeypatch):
    config, summary = prepared
    before = {path: path.stat().st_mtime_ns for path in config.output.rglob("*")}
    monkeypatch.setattr(
        preparation, "work", lambda *_: pytest.fail("a finished video is done again")
    )
    assert prepare(config) == summary
    assert {path: path.stat().st_mtime_ns for path in config.output.rglob("*")} == before


def test_several_processes_make_the_same(prepared, tmp_path):
    config, summary = prepared
    assert prepare(replace(config, output=tmp_path / "out", workers=2)) == summary
    assert contents(tmp_path / "out") == contents(config.output)


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGKILL, 1), (signal.SIGINT, 2), (signal.SIGTERM, 2)]
)
def test_a_stopped_run_goes_on_where_it_was(number, workers, prepared, tmp_path):
    config, _ = prepared
    output = tmp_path / "out"
    flags = {"--videos": config.videos, "--output": output, "--size": 64, "--min-frames": 15,
             "--min-face": 40, "--detector": "dlib", "--max-shift": 0.4,
             "--val-share": 0.5}  # fmt: skip
    command = [sys.executable, "-m", "ostnet", "prepare"]
    command += [str(part) for pair in flags.items() for part in pair]
    command += ["--workers", str(workers)]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(output.glob("clips/.ostnet-*")):
        time.sleep(0.002)
    os.killpg(started.pid, number) if number == signal.SIGINT else started.send_signal(number)
    _, said = started.communicate(timeout=60)
    if number != signal.SIGKILL:
        assert said.endswith(b"ostnet: stopped\n") and b"Traceback" not in said
        assert started.returncode == 128 + number
        assert not list(output.glob("clips/.ostnet-*"))
    assert not (output / "manifest.csv").exists()
    finished = [path.name for path in (output / "done").glob("*.json")]
    assert finished[0].startswith("broken") and len(finished) < 3
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"wrote {output / 'manifest.csv'}\n")
    assert contents(output) == contents(config.output)


def test_other_settings_or_a_missing_clip_are_made_anew(films, film, settings, tmp_path):
    videos = tmp_path / "videos"
    film(videos / "a.mp4", (20, {"ann": (60, 60)}))
    config = settings(videos)
    prepare(config)
    (clip,) = (config.output / "clips").iterdir()
    first = clip.read_bytes()
    clip.unlink()
    prepare(config)
    assert clip.read_bytes() == first
    prepare(replace(config, margin=2.0))
    assert clip.read_bytes() != first
    film(videos / "a.mp4", (20, {"bob": (60, 80)}))
    (videos / "b.mp4").write_text("no video")
    prepare(config)
    assert [row["source"] for row in table(config.output / "manifest.csv")] == ["a.mp4"]
    assert len(list((config.output / "clips").iterdir())) == 1


def test_a_failure_that_is_not_the_videos_is_listed_and_tried_again(
    film, settings, tmp_path, monkeypatch
):
    film(tmp_path / "videos" / "a.mp4", (20, {"ann": (60, 60)}))
    film(tmp_path / "videos" / "b.mp4", (20, {"bob": (60, 60)}))
    config, right = settings(tmp_path / "videos"), preparation.cut

    def wrong(video, config, stopped):
        if video.file == "a.mp4":
            raise MemoryError("out of luck")
        return right(video, config, stopped)

    monkeypatch.setattr(preparation, "cut", wrong)
    prepare(config)
    (row,) = table(config.output / "skipped.csv")
    assert row["video"] == "a.mp4" and row["reason"] == "MemoryError: out of luck"
    monkeypatch.setattr(preparation, "cut", right)
    prepare(config)
    assert table(config.output / "skipped.csv") == []
    assert len(table(config.output / "manifest.csv")) == 2


def test_a_folder_that_cannot_be_written_to_ends_the_run_and_is_no_videos_fault(
    films, settings, capsys
):
    from ostnet.cli import main

    output = settings(films).output
    output.mkdir()
    (output / "clips").write_text("in the way")
    flags = ["--size", "64", "--min-frames", "15", "--max-shift", "0.4", "--detector", "dlib"]
    assert main(["prepare", "--videos", str(films), "--output", str(output), *flags]) == 2
    assert "cannot write to" in capsys.readouterr().err.splitlines()[-1]
    assert [path.name[:6] for path in (output / "done").iterdir()] == ["broken"]


def test_nothing_worth_keeping_is_an_error_that_says_where_to_look(films, settings):
    with pytest.raises(InputError, match="^videos: no clip .*skipped.csv' for reasons"):
        prepare(settings(films, min_frames=500))
    reasons = {row["reason"] for row in table(settings(films).output / "skipped.csv")}
    assert "30 frames; at least 500 wanted" in reasons
