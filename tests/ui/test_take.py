"""A run writes labelled, frame-locked videos, says how far it is, and keeps what was made."""

import json
import subprocess

import imageio_ffmpeg
import numpy as np

from ostnet.animation import VARIANTS
from ostnet.media.video import probe, read_frames
from ostnet.ui import take
from ostnet.ui.take import Step, Take


def test_compare_writes_every_variant_with_rate_sound_and_mark(scene, tmp_path):
    *steps, result = take.run(scene, list(VARIANTS), tmp_path / "run")

    assert [step.done for step in steps] == list(range(1, 9))
    assert all(isinstance(step, Step) and step.total == 8 for step in steps)
    assert isinstance(result, Take) and not result.stopped
    assert list(result.files) == [*VARIANTS, "rectified", "grid", "trace"]
    for name in (*VARIANTS, "rectified", "grid"):
        info = probe(result.files[name])
        assert (info.frames, info.fps, info.has_audio) == (8, scene.video.fps, True)
    assert (info.width, info.height) == steps[-1].picture.shape[1::-1]
    assert json.loads(result.files["trace"].read_text()) == result.document
    assert set(result.document["frames"][0]["variants"]) == set(VARIANTS)
    said = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", result.files["full"]], capture_output=True
    ).stderr
    assert b"AI-generated" in said


def test_a_run_that_is_stopped_keeps_what_was_made(scene, tmp_path):
    *steps, result = take.run(scene, ["full"], tmp_path / "run", stopped=lambda: True)
    assert len(steps) == 1
    assert result.stopped
    assert probe(result.files["full"]).frames == 1


def test_a_run_that_is_dropped_leaves_no_file(scene, tmp_path):
    running = take.run(scene, ["full"], tmp_path / "run")
    next(running)
    running.close()
    assert list(tmp_path.iterdir()) == []


def test_a_single_variant_without_the_transform_has_no_rescaled_pane(scene, tmp_path):
    *steps, result = take.run(scene, ["neither"], tmp_path / "run", stopped=lambda: True)
    assert list(result.files) == ["neither", "grid", "trace"]
    wide = steps[0].picture.shape[1]
    assert 3 * 256 < wide < 4 * 256  # portrait, driving clip, result


def test_a_narrow_page_gets_two_columns(scene, tmp_path):
    step = next(take.run(scene, list(VARIANTS), tmp_path / "run", columns=2))
    height, width = step.picture.shape[:2]
    assert width < 3 * 256 and height > 4 * 256


def test_the_visible_mark_changes_one_corner(scene, tmp_path):
    *_, plain = take.run(scene, ["full"], tmp_path / "plain", stopped=lambda: True)
    *_, marked = take.run(scene, ["full"], tmp_path / "marked", stopped=lambda: True, mark=True)
    one, other = (next(read_frames(t.files["full"])).astype(int) for t in (plain, marked))
    difference = np.abs(one - other).mean(axis=2)
    assert difference[-24:, :100].mean() > 20
    assert difference[:200].mean() < 2


def test_paste_back_gives_the_whole_portrait(scene, tmp_path):
    *_, result = take.run(scene, ["full"], tmp_path / "run", stopped=lambda: True)
    video = take.paste_back(scene, result.files["full"], tmp_path / "portrait.mp4")
    frame = next(read_frames(video))
    assert frame.shape == scene.portrait.shape
    corner = np.abs(frame[:40, -40:].astype(int) - scene.portrait[:40, -40:])
    assert corner.mean() < 6  # outside the square the portrait is untouched, up to coding
