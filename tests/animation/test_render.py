"""A run writes labelled, frame-locked videos, says how far it is, and keeps what was made."""

import json
import subprocess
from dataclasses import replace
from functools import partial

import imageio_ffmpeg
import numpy as np
import pytest
from threads_ahead import threads_ahead

from ostnet.animation import VARIANTS
from ostnet.animation.animator import Animator
from ostnet.animation.render import Step, Take, rendered, run_folder
from ostnet.errors import InputError
from ostnet.media.crop import Crop
from ostnet.media.video import probe, read_frames
from ostnet.ui.paste_back import paste_back


@pytest.fixture
def make(model):
    """A run of a scene into a folder, on a small network."""

    def start(scene, names, folder, overlap=False, **settings):
        animator = Animator(model, "cpu", "torch", size=scene.size, overlap=overlap)
        network = partial(rendered, animator)
        return run_folder(scene, folder, names, network, **settings)

    return start


def test_compare_writes_every_variant_with_rate_sound_and_mark(make, scene, tmp_path):
    *steps, result = make(scene, VARIANTS, tmp_path / "run")

    assert [step.done for step in steps] == list(range(1, 9))
    assert all(isinstance(step, Step) and step.total == 8 for step in steps)
    assert isinstance(result, Take) and not result.stopped
    assert list(result.files) == [*VARIANTS, "rectified", "grid", "trace"]
    for name in (*VARIANTS, "rectified", "grid"):
        info = probe(result.files[name])
        assert (info.frames, info.fps, bool(info.audio)) == (8, scene.video.fps, True)
    assert (info.width, info.height) == steps[-1].picture.shape[1::-1]
    assert json.loads(result.files["trace"].read_text()) == result.document
    assert set(result.document["frames"][0]["variants"]) == set(VARIANTS)
    said = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", result.files["full"]], capture_output=True
    ).stderr
    assert b"AI-generated" in said


def test_a_run_that_is_stopped_keeps_what_was_made(make, scene, tmp_path):
    *steps, result = make(scene, ["full"], tmp_path / "run", stopped=lambda: True)
    assert len(steps) == 1
    assert result.stopped
    assert probe(result.files["full"]).frames == 1


def test_a_run_that_is_stopped_early_does_not_read_the_clip_to_its_end(scene):
    """The neutral pose takes a reading of the whole clip before the first frame is made."""
    assert len(list(scene.shown())) == 8
    assert len(list(scene.shown(stopped=lambda: True))) == 1


def test_a_run_that_is_dropped_leaves_no_file(make, scene, tmp_path):
    running = make(scene, ["full"], tmp_path / "run")
    next(running)
    running.close()
    assert list(tmp_path.iterdir()) == []


def test_overlapping_stages_make_the_same_files(make, scene, tmp_path):
    *_, one = make(scene, ["full", "no_transform"], tmp_path / "one")
    *_, other = make(scene, ["full", "no_transform"], tmp_path / "other", overlap=True)
    for name in ("full", "no_transform", "rectified", "grid"):
        assert one.files[name].read_bytes() == other.files[name].read_bytes()
    without_times = [
        [{**frame, "ms": None} for frame in take.document["frames"]] for take in (one, other)
    ]
    assert without_times[0] == without_times[1]


def test_a_run_ends_its_threads(make, scene, tmp_path):
    before = threads_ahead()
    *_, result = make(scene, ["full"], tmp_path / "a", overlap=True, stopped=lambda: True)
    assert result.stopped and threads_ahead() == before
    running = make(scene, ["full"], tmp_path / "b", overlap=True)
    next(running)
    assert threads_ahead() > before
    running.close()
    assert threads_ahead() == before


def test_a_torn_driving_clip_ends_an_overlapping_run(make, scene, tmp_path):
    before = threads_ahead()
    missing = with_inputs(scene, driving=tmp_path / "gone.mp4")
    with pytest.raises(InputError, match="driving: no file"):
        list(make(missing, ["full"], tmp_path / "run", overlap=True))
    assert threads_ahead() == before and not (tmp_path / "run").exists()


def test_a_single_variant_without_the_transform_has_no_rescaled_pane(make, scene, tmp_path):
    *steps, result = make(scene, ["neither"], tmp_path / "run", stopped=lambda: True)
    assert list(result.files) == ["neither", "grid", "trace"]
    wide = steps[0].picture.shape[1]
    assert 3 * 256 < wide < 4 * 256  # portrait, driving clip, result


def test_a_narrow_page_gets_two_columns(make, scene, tmp_path):
    step = next(make(scene, VARIANTS, tmp_path / "run", columns=2))
    height, width = step.picture.shape[:2]
    assert width < 3 * 256 and height > 4 * 256


def test_the_visible_mark_changes_one_corner(make, scene, tmp_path):
    *_, plain = make(scene, ["full"], tmp_path / "plain", stopped=lambda: True)
    *_, marked = make(scene, ["full"], tmp_path / "marked", stopped=lambda: True, mark=True)
    one, other = (next(read_frames(t.files["full"])).astype(int) for t in (plain, marked))
    difference = np.abs(one - other).mean(axis=2)
    assert difference[-24:, :100].mean() > 20
    assert difference[:200].mean() < 2


def test_paste_back_gives_the_whole_portrait(make, scene, tmp_path):
    *_, result = make(scene, ["full"], tmp_path / "run", stopped=lambda: True)
    video = paste_back(scene, result.files["full"], tmp_path / "portrait.mp4")
    frame = next(read_frames(video))
    assert frame.shape == scene.portrait.shape
    corner = np.abs(frame[:40, -40:].astype(int) - scene.portrait[:40, -40:])
    assert corner.mean() < 6  # outside the square the portrait is untouched, up to coding


def with_inputs(scene, **values):
    """The same scene, looked at in another way."""
    return replace(scene, inputs=replace(scene.inputs, **values))


def test_the_result_is_as_large_as_the_portrait_shows_it(make, scene, tmp_path):
    for square, side in ((200, 256), (301, 300), (900, 512)):
        assert replace(scene, source_crop=Crop(0, 0, square)).size == side
    large = replace(scene, source_crop=replace(scene.source_crop, size=901))
    for size, side in (("256", 256), ("portrait", 900)):
        asked = with_inputs(large, size=size)
        *_, result = make(asked, ["full"], tmp_path / size, stopped=lambda: True)
        info = probe(result.files["full"])
        assert asked.size == info.width == info.height == side
    with pytest.raises(InputError, match="size: found '300', expected one of 256, 512"):
        with_inputs(scene, size="300")


def test_one_scale_for_the_clip_or_a_running_one(make, scene, tmp_path):
    def scales(window):
        asked = with_inputs(scene, scale_window=window)
        *_, result = make(asked, ["full"], tmp_path / str(window))
        return np.array([frame["scale"] for frame in result.document["frames"]])

    frame, clip, running = scales("frame"), scales("clip"), scales(0.12)
    assert frame.std(axis=0).min() > 0
    np.testing.assert_allclose(clip, np.tile(np.median(frame, axis=0), (8, 1)), rtol=1e-3)
    np.testing.assert_allclose(running[0], frame[0], rtol=1e-4)
    np.testing.assert_allclose(running[5], np.median(frame[3:6], axis=0), rtol=1e-3)
    with pytest.raises(InputError, match="scale window: found 'sometimes'"):
        with_inputs(scene, scale_window="sometimes")


def test_a_comparison_takes_few_processes(make, scene, tmp_path, monkeypatch):
    """Six encoders, each with the sound in its own call; two readings of the clip."""
    started = []

    class Counted(subprocess.Popen):
        def __init__(self, command, *arguments, **options):
            started.append(command)
            super().__init__(command, *arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    *_, result = make(scene, VARIANTS, tmp_path / "run", chart=True)
    assert len(started) == 8 and (tmp_path / "run" / "scale.png").stat().st_size > 10_000
    assert probe(result.files["grid"]).audio
