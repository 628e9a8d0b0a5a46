"""A run writes labelled, frame-locked videos, says how far it is, and keeps what was made."""

import json
import shutil
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest
from threads_ahead import threads_ahead

from ostnet import AnimateOptions, Pipeline
from ostnet.animation import VARIANTS
from ostnet.animation.outputs import Outputs, without_white
from ostnet.errors import InputError
from ostnet.media.crop import Crop
from ostnet.media.video import probe, read_frames
from ostnet.ui.runs import paste_back


@pytest.fixture
def make(model):
    """A run of a scene into a folder, on a small network."""

    def run(scene, names, folder, overlap=False, **settings):
        pipeline = Pipeline(model, "cpu", "torch", overlap=overlap)
        return pipeline.run_folder(scene, folder, names, **settings)

    return run


class DroppedError(Exception):
    """A caller that wants no more frames."""


def drop(step):
    raise DroppedError


def test_compare_writes_every_variant_with_rate_sound_and_mark(make, scene, tmp_path):
    steps = []
    result = make(scene, VARIANTS, tmp_path / "run", on_step=steps.append)

    assert [(step.done, step.total) for step in steps] == [(done, 8) for done in range(1, 9)]
    assert (result.frames, result.held, result.stopped) == (8, 0, False)
    assert list(result.files) == [*VARIANTS, "rectified", "grid", "trace"]
    for name in (*VARIANTS, "rectified", "grid"):
        info = probe(result.files[name])
        assert (info.frames, info.fps, bool(info.audio)) == (8, scene.video.fps, True)
    assert (info.width, info.height) == steps[-1].picture.shape[1::-1]
    assert json.loads(result.files["trace"].read_text()) == result.trace
    measured = [frame["scale"] for frame in result.trace["frames"]]
    assert np.allclose(result.scales, measured, atol=1e-6)
    assert set(result.trace["frames"][0]["variants"]) == set(VARIANTS)
    said = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", result.files["full"]], capture_output=True
    ).stderr
    assert b"AI-generated" in said


def test_a_run_that_is_stopped_keeps_what_was_made(make, scene, tmp_path):
    result = make(scene, ["full"], tmp_path / "run", cancel=lambda: True)
    assert result.stopped and result.frames == 1
    assert probe(result.files["full"]).frames == 1


def test_a_run_that_is_stopped_early_does_not_read_the_clip_to_its_end(scene):
    """The neutral pose takes a reading of the whole clip before the first frame is made."""
    assert len(list(scene.frames())) == 8
    assert len(list(scene.frames(cancel=lambda: True))) == 1


def test_a_run_that_is_dropped_leaves_no_file(make, scene, tmp_path):
    with pytest.raises(DroppedError):
        make(scene, ["full"], tmp_path / "run", on_step=drop)
    assert list(tmp_path.iterdir()) == []


def test_overlapping_stages_make_the_same_files(make, scene, tmp_path):
    one = make(scene, ["full", "no_transform"], tmp_path / "one")
    other = make(scene, ["full", "no_transform"], tmp_path / "other", overlap=True)
    for name in ("full", "no_transform", "rectified", "grid"):
        assert one.files[name].read_bytes() == other.files[name].read_bytes()
    without_times = [
        [{**frame, "ms": None} for frame in take.trace["frames"]] for take in (one, other)
    ]
    assert without_times[0] == without_times[1]


def test_a_run_ends_its_threads(make, scene, tmp_path):
    before = threads_ahead()
    result = make(scene, ["full"], tmp_path / "a", overlap=True, cancel=lambda: True)
    assert result.stopped and threads_ahead() == before
    working = []

    def count_and_drop(step):
        working.append(threads_ahead())
        raise DroppedError

    with pytest.raises(DroppedError):
        make(scene, ["full"], tmp_path / "b", overlap=True, on_step=count_and_drop)
    assert working[0] > before and threads_ahead() == before


def test_a_broken_driving_clip_ends_an_overlapping_run(make, scene, tmp_path):
    before = threads_ahead()
    missing = replace(scene, driving=tmp_path / "gone.mp4")
    with pytest.raises(InputError, match="driving: no file"):
        make(missing, ["full"], tmp_path / "run", overlap=True)
    assert threads_ahead() == before and not (tmp_path / "run").exists()


def test_a_single_variant_without_the_transform_has_no_rescaled_pane(make, scene, tmp_path):
    steps = []
    result = make(scene, ["neither"], tmp_path / "run", on_step=steps.append, cancel=lambda: True)
    assert list(result.files) == ["neither", "grid", "trace"]
    wide = steps[0].picture.shape[1]
    assert 3 * 256 < wide < 4 * 256  # portrait, driving clip, result


def test_points_need_the_rectified_frame_only_where_a_file_shows_it(
    make, model, scene, tmp_path, monkeypatch
):
    with_pictures = make(scene, ["full"], tmp_path / "picture").files["rectified"].read_bytes()
    rectify, calls = model.rectify, []
    monkeypatch.setattr(model, "rectify", lambda *given: calls.append(1) or rectify(*given))
    asked = asking(scene, rectify="points")
    Pipeline(model, "cpu", "torch").run(asked, Outputs({"full": tmp_path / "full.mp4"}))
    assert calls == []
    shown = make(asked, ["full"], tmp_path / "points").files["rectified"]
    assert len(calls) == 8 and shown.read_bytes() == with_pictures


def test_a_narrow_page_gets_two_columns(make, scene, tmp_path):
    steps = []
    make(scene, VARIANTS, tmp_path / "run", on_step=steps.append, cancel=lambda: True, columns=2)
    height, width = steps[0].picture.shape[:2]
    assert width < 3 * 256 and height > 4 * 256


def test_colours_over_white_become_the_pictures_own():
    rng = np.random.default_rng(0)
    own = rng.integers(0, 256, (32, 32, 3)).astype(float)
    alpha = rng.integers(0, 256, (32, 32, 1))
    over_white = 255 + (own - 255) * alpha / 255
    picture = without_white(np.dstack([over_white.round(), alpha]).astype(np.uint8))
    assert np.abs(255 + (picture[..., :3].astype(float) - 255) * alpha / 255 - over_white).max() < 2
    assert np.abs(picture[..., :3] - own)[alpha[..., 0] > 127].max() <= 2


def test_the_visible_mark_changes_one_corner(make, scene, tmp_path):
    plain = make(scene, ["full"], tmp_path / "plain", cancel=lambda: True)
    marked = make(
        asking(scene, visible_mark=True), ["full"], tmp_path / "marked", cancel=lambda: True
    )
    one, other = (next(read_frames(t.files["full"])).astype(int) for t in (plain, marked))
    difference = np.abs(one - other).mean(axis=2)
    assert difference[-24:, :100].mean() > 20
    assert difference[:200].mean() < 2


def test_paste_back_gives_the_whole_portrait(make, scene, tmp_path):
    result = make(scene, ["full"], tmp_path / "run", cancel=lambda: True)
    video = paste_back(scene, result.files["full"], tmp_path / "portrait.mp4")
    frame = next(read_frames(video))
    assert frame.shape == scene.portrait.shape
    corner = np.abs(frame[:40, -40:].astype(int) - scene.portrait[:40, -40:])
    assert corner.mean() < 6  # outside the square the portrait is untouched, up to coding


def asking(scene, **options):
    """The same scene with other options."""
    return replace(scene, options=replace(scene.options, **options))


def test_the_result_is_as_large_as_the_portrait_shows_it(make, scene, tmp_path):
    for square, side in ((200, 256), (301, 300), (900, 512)):
        assert replace(scene, source_crop=Crop(0, 0, square)).size == side
    large = replace(scene, source_crop=replace(scene.source_crop, size=901))
    for size, side in ((256, 256), ("portrait", 900)):
        asked = asking(large, size=size)
        result = make(asked, ["full"], tmp_path / str(size), cancel=lambda: True)
        info = probe(result.files["full"])
        assert asked.size == info.width == info.height == side


def test_one_scale_for_the_clip_or_a_running_one(make, scene, tmp_path):
    def scales(window):
        asked = asking(scene, scale_window=window)
        result = make(asked, ["full"], tmp_path / str(window))
        return np.array([frame["scale"] for frame in result.trace["frames"]])

    frame, clip, running = scales("frame"), scales("clip"), scales(0.12)
    assert frame.std(axis=0).min() > 0
    np.testing.assert_allclose(clip, np.tile(np.median(frame, axis=0), (8, 1)), rtol=1e-3)
    np.testing.assert_allclose(running[0], frame[0], rtol=1e-4)
    np.testing.assert_allclose(running[5], np.median(frame[3:6], axis=0), rtol=1e-3)


def test_a_comparison_takes_few_processes(make, scene, tmp_path, monkeypatch):
    """Six encoders, each with the sound in its own call; two readings of the clip."""
    started = []

    class Counted(subprocess.Popen):
        def __init__(self, command, *arguments, **options):
            started.append(command)
            super().__init__(command, *arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    result = make(scene, VARIANTS, tmp_path / "run", chart=True)
    assert len(started) == 8 and (tmp_path / "run" / "scale.png").stat().st_size > 10_000
    assert probe(result.files["grid"]).audio


def test_a_pipeline_from_files_to_a_video(checkpoint, examples, tmp_path):
    """The shortest way in Python; the second run uses the networks of the first."""
    pipe = Pipeline.from_pretrained(checkpoint, device="cpu", backend="torch")
    steps, options = [], AnimateOptions(size=256, pose="driver", max_frames=2)
    result = pipe(*examples, tmp_path / "me.mp4", options, on_step=steps.append)
    assert result.path == tmp_path / "me.mp4" and probe(result.path).frames == 2
    assert (result.frames, len(result.scales), len(steps)) == (2, 2, 2) and result.seconds > 0
    pasted = pipe(*examples, tmp_path / "whole.mp4", replace(options, paste_back=True))
    assert probe(pasted.path).width > 256
    with pytest.raises(InputError, match="^source: no file"):
        pipe(tmp_path / "no.png", examples[1], tmp_path / "no.mp4")
    assert not (tmp_path / "no.mp4").exists()


def test_outputs_are_checked_before_anything_is_read(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    pipe = Pipeline(checkpoint, device="cpu", backend="torch")
    for run, output in ((pipe, "o.mp4"), (pipe.compare, "folder")):
        with pytest.raises(InputError, match=f"^output: the disk of '{tmp_path}' is full"):
            run("no.png", "no.mp4", tmp_path / output)
