"""The weights that the page runs, and the functions around the networks."""

import json
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import spaces
import torch
from threads_ahead import threads_ahead

from ostnet.animation import VARIANTS, DrivingFrame
from ostnet.animation.pose import Shot
from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.media.square import Framed, centre_square
from ostnet.media.video import read_frames
from ostnet.model.frame import Alignment, Reading
from ostnet.options import METHOD
from ostnet.ui import engine

SIZE = 256


@pytest.fixture
def source(portrait):
    return portrait.square(SIZE)


@pytest.fixture
def framed(source):
    return Framed(source, centre_square(*source.shape[:2]), SIZE)


def test_render_holds_the_frames_that_show_no_face(framed, driving):
    frames = [DrivingFrame(driving.stills[i], i != 4) for i in (0, 4, 7)]
    rendered = engine.pipeline().generate(framed, frames, ["full"], METHOD, 25, False)
    made = [variants["full"] for _, variants in rendered]
    assert [frame.held for frame in made] == [False, True, False]
    assert np.array_equal(made[0].image, made[1].image)
    assert not np.array_equal(made[1].image, made[2].image)


def test_a_run_that_is_left_leaves_no_thread_behind(framed, driving):
    before = threads_ahead()
    clip = [DrivingFrame(driving.still(0.5))] * 50
    frames = engine.pipeline().generate(framed, clip, ["full"], METHOD, 25, False)
    next(frames)
    assert threads_ahead() > before  # frames are worked on ahead
    frames.close()
    assert threads_ahead() == before


def test_still_gives_the_four_variants_of_a_zoomed_frame(source, driving):
    spread, made = engine.still(source, driving.still(0.5), (0.5, 0.5))
    assert list(made) == list(VARIANTS)
    assert all(frame.image.shape == (SIZE, SIZE, 3) for frame in made.values())
    near = engine.still(source, driving.still(0.5), (1.0, 1.0))[1]
    assert made["full"].scale[0] < near["full"].scale[0]
    # what the method is for: without the transform the face shrinks with the driver's
    assert made["full"].spread[1] / spread[1] > made["neither"].spread[1] / spread[1]
    preview = engine.zoomed(driving.still(0.5), (0.5, 0.5))
    assert np.array_equal(preview, made["full"].driving), "the preview is what the networks get"


def test_inspect_shows_every_step(source, driving):
    seen = engine.inspect(source, driving.still(0.5), (0.7, 0.7))
    assert seen.x_source.shape == seen.x_driving.shape == seen.x_rectified.shape == (30, 2)
    assert seen.fiducials.shape == (12, 2)
    assert seen.grid.shape == (SIZE, SIZE, 2)
    assert seen.displacement.shape[:2] == seen.occlusion.shape
    assert seen.image.shape == seen.driving.shape == seen.rectified.shape


def test_results_leave_the_gpu(monkeypatch):
    """All that a loan of a GPU yields: lists, dictionaries, named tuples and dataclasses."""
    moved = []
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: moved.append(tensor) or tensor)
    points = [torch.zeros(1, 2, 2) for _ in range(4)]
    alignment = Alignment(points[0], points[1], np.ones((1, 2)))
    reading = Reading(points[2], alignment, None, points[3])
    made = [((1.0, 2.0), {"full": reading}), Shot(3, None)]
    assert repr(engine.on_cpu(made)) == repr(made)  # equality of tensors is no single value
    assert sorted(map(id, moved)) == sorted(map(id, points))


def test_the_quota_shown_is_the_one_that_spaces_reserves():
    """On ZeroGPU's Blackwell GPUs, whose torch must be built for CUDA 12.8 or later."""
    path = Path(spaces.__file__).with_name("zero") / "configs.json"
    (blackwell,) = [gpu for gpu in json.loads(path.read_text()) if "Blackwell" in gpu["model"]]
    assert blackwell["duration_factor"] == engine.DURATION_FACTOR
    assert blackwell["sm_major"] == 12
    assert engine.gpu_seconds(1800) == 116


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (gr.Error("You have exceeded your GPU quota (60s requested)"), "exceeded your GPU quota"),
        (torch.AcceleratorError("CUDA error: device lost\nCompile with ..."), "it failed during"),
    ],
)
def test_without_a_gpu_the_error_says_what_to_do(error, words, monkeypatch):
    def borrowed(*arguments):
        yield "a first frame"
        raise error

    monkeypatch.setattr(engine, "_borrowed", borrowed)
    frames = engine.pipeline().generate(None, [], [], METHOD, 25, False)
    assert next(frames) == "a first frame"
    with pytest.raises(InputError, match=f"^GPU: .*{words}.*ostnet animate --device cpu") as said:
        next(frames)
    assert "\n" not in str(said.value)


def test_the_page_makes_what_the_command_line_makes(scene, portrait_file, driving_file, tmp_path):
    flags = ["--source", portrait_file, "--driving", driving_file, "--max-frames", "8"]
    assert main(["compare", *flags, "--output", str(tmp_path / "line")]) == 0
    result = engine.pipeline().run_folder(scene, tmp_path / "page", VARIANTS)
    for name, path in result.files.items():
        if path.suffix == ".mp4":
            one, other = (
                list(read_frames(tmp_path / side / path.name)) for side in ("line", "page")
            )
            assert len(one) == 8 and np.array_equal(one, other), name
