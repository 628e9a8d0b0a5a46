"""The nodes keep ComfyUI's contract and give the frames that the pipeline gives."""

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from procedural_face import FaceParams, Identity, render
from small_models import lively, tiny_checkpoint
from threads_ahead import threads_ahead

from ostnet import AnimateOptions, InputError, Pipeline
from ostnet.comfyui import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS
from ostnet.comfyui.nodes import Animate, Compare, Load, Record, Replay, clip_of, to_picture
from ostnet.comfyui.widgets import options_of
from ostnet.media.video import VideoWriter, read_frames
from ostnet.methods import VARIANTS

FRAMES, FPS = 4, 25.0
TYPES = {"IMAGE", "FLOAT", "INT", "BOOLEAN", "STRING", "OSTNET", "MOTION"}


@pytest.fixture(scope="module")
def model() -> Pipeline:
    return Pipeline(lively(), "cpu", "torch")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A portrait and a driving clip."""
    folder = tmp_path_factory.mktemp("inputs")
    person = Identity(skin=(0.64, 0.45, 0.34), seed=3)
    Image.fromarray(render(FaceParams(identity=person), 200)[0]).save(folder / "me.png")
    with VideoWriter(folder / "clip.mp4", FPS) as writer:
        for step in np.linspace(0, 1, FRAMES):
            writer.write(render(FaceParams(mouth_open=step, scale=(1 + 0.2 * step,) * 2), 256)[0])
    return folder / "me.png", folder / "clip.mp4"


@pytest.fixture(scope="module")
def images(files):
    """The same as IMAGE batches, (1, H, W, 3) and (B, H, W, 3) in [0, 1]."""
    portrait, frames = np.array(Image.open(files[0])), np.stack(list(read_frames(files[1])))
    return tuple(torch.from_numpy(one) / 255 for one in (portrait[None], frames))


@pytest.mark.parametrize("name", NODE_CLASS_MAPPINGS)
def test_a_node_keeps_the_contract(name):
    node = NODE_CLASS_MAPPINGS[name]
    assert NODE_DISPLAY_NAME_MAPPINGS[name] and node.DESCRIPTION and node.CATEGORY == "OSTNet"
    assert callable(getattr(node(), node.FUNCTION))
    assert set(node.RETURN_TYPES) <= TYPES
    assert len(node.RETURN_TYPES) == len(node.RETURN_NAMES) == len(node.OUTPUT_TOOLTIPS)
    for key, (kind, settings) in {
        name: spec for part in node.INPUT_TYPES().values() for name, spec in part.items()
    }.items():
        assert settings["tooltip"], key
        if isinstance(kind, list):
            assert settings["default"] in kind
        elif kind in ("INT", "FLOAT"):
            assert settings["min"] <= settings["default"] <= settings["max"]
        else:
            assert kind in TYPES


def test_widgets_are_made_from_the_options():
    widgets = Animate.INPUT_TYPES()["optional"]
    assert widgets["pose"][0] == ["portrait", "position", "driver"]
    assert widgets["size"][0] == ["default", "256", "512", "1024", "portrait"]
    assert (widgets["face"][0], widgets["face"][1]["min"]) == ("INT", 0)
    assert widgets["driving_zoom_y"][1]["max"] == 5.0
    assert widgets["paste_back"][0] == "BOOLEAN"
    assert "fps" not in widgets  # it is a required input
    assert "paste_back" not in Compare.INPUT_TYPES()["optional"]
    assert options_of({name: spec[1]["default"] for name, spec in widgets.items()}) == (
        AnimateOptions()
    )
    asked = options_of({"size": "512", "driving_zoom_x": 1.2, "max_frames": 3, "face": 0})
    assert asked == AnimateOptions(size=512, driving_zoom=(1.2, 1.0), max_frames=3)


def test_frames_are_those_of_the_pipeline(model, files, images, tmp_path):
    made, x, y = Animate().run(model, *images, FPS)
    steps = []
    result = model(*files, tmp_path / "me.mp4", on_step=steps.append)
    assert made.dtype == torch.float32 and made.shape == (FRAMES, 256, 256, 3)
    assert 0 <= made.min() < made.max() <= 1
    for frame, step in zip(made, steps, strict=True):
        assert np.array_equal(to_picture(frame), step.picture)
    assert list(zip(x, y, strict=True)) == result.scales


def test_all_variants_and_their_grid(model, images):
    options = {"size": "256", "max_frames": 2, "scale_window": "start"}
    *variants, grid, x, _ = Compare().run(model, *images, FPS, **options)
    assert [batch.shape for batch in variants] == [(2, 256, 256, 3)] * len(VARIANTS)
    assert grid.shape[0] == len(x) == 2 and grid.shape[2] > 4 * 256
    assert (variants[0] != variants[1]).any()


def test_a_motion_drives_as_its_frames_do(model, images, tmp_path):
    portrait, driving = images
    file = str(tmp_path / "clip.motion.safetensors")
    motion, frames, fps = Record().record(model, driving, FPS, file)
    assert (frames, fps) == (FRAMES, FPS)
    again, *_ = Record().record(model, file=file)
    expected, *_ = Animate().run(model, portrait, driving, FPS, rectify="points")
    for one in (motion, again):
        made, x, _ = Replay().run(model, portrait, one)
        assert torch.equal(made, expected) and len(x) == FRAMES
    assert not {"driving_zoom_x", "driving_crop", "fps"} & {*Replay.INPUT_TYPES()["optional"]}
    with pytest.raises(InputError, match="^file: found '', expected driving frames or a name like"):
        Record().record(model)
    with pytest.raises(InputError, match="^file: found 'model.safetensors', expected"):
        Record().record(model, driving, FPS, "model.safetensors")


def test_weights_are_found_by_the_first_node(tmp_path):
    (model,) = Load().load(str(tiny_checkpoint(tmp_path / "tiny")), "cpu", "torch")
    assert isinstance(model, Pipeline)
    with pytest.raises(InputError, match="^checkpoint: no folder 'nowhere'"):
        Load().load("nowhere", "cpu", "torch")


@pytest.mark.parametrize(
    ("portrait", "driving", "fps", "message"),
    [
        ((2, 64, 64, 3), (2, 64, 64, 3), 25, "portrait: found images of shape .2, 64, 64, 3., exp"),
        ((1, 64, 64, 3), (64, 64, 3), 25, "driving: found images of shape .64, 64, 3., exp"),
        ((1, 64, 64, 3), (2, 64, 64, 3), 0, "fps: found 0, expected"),
        ((1, 9, 64, 3), (2, 64, 64, 3), 25, "source: 64x9 pixels is too small"),
    ],
)
def test_a_wrong_input_is_refused_in_one_line(model, portrait, driving, fps, message):
    with pytest.raises(InputError, match=f"^{message}") as refused:
        Animate().run(model, torch.rand(portrait), torch.rand(driving), fps)
    assert "\n" not in str(refused.value)


def test_colours_are_exact_and_the_rate_is_a_fraction():
    levels = torch.arange(256).reshape(1, 32, 8, 1).expand(2, 32, 8, 4)
    clip = clip_of(levels / 255, 30000 / 1001)
    assert (clip.info.fps.numerator, clip.info.fps.denominator) == (30000, 1001)
    for frame in clip.read():
        assert np.array_equal(frame, levels[0, ..., :3].numpy())
    assert to_picture(torch.tensor([[[float("nan"), 2.0, -1.0]]])).tolist() == [[[0, 255, 0]]]


class InterruptError(BaseException):
    """Stands for ComfyUI's exception."""


@pytest.fixture
def comfy(monkeypatch):
    """ComfyUI's modules; its user interrupts once ``comfy.after`` frames are counted."""
    comfy = ModuleType("comfy")
    comfy.utils, comfy.model_management = ModuleType("comfy.utils"), ModuleType("comfy.mm")
    comfy.total, comfy.counted, comfy.after = None, 0, FRAMES + 1

    class ProgressBar:
        def __init__(self, total):
            comfy.total = total

        def update(self, count):
            comfy.counted += count

    def check():
        if comfy.counted >= comfy.after:
            comfy.after = FRAMES + 1  # raises once, as ComfyUI does
            raise InterruptError

    comfy.utils.ProgressBar = ProgressBar
    comfy.model_management.throw_exception_if_processing_interrupted = check
    for name in ("comfy", "comfy.utils", "comfy.model_management"):
        monkeypatch.setitem(sys.modules, name, getattr(comfy, name.partition(".")[2], comfy))
    return comfy


def test_progress_is_counted(model, images, comfy):
    Animate().run(model, *images, FPS)
    assert (comfy.total, comfy.counted) == (FRAMES, FRAMES)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_interruption_stops_within_one_frame(model, images, comfy, after):
    comfy.after, threads = after, threads_ahead()
    with pytest.raises(InterruptError):
        Animate().run(model, *images, FPS)
    assert comfy.counted <= after + 1 and threads_ahead() == threads
