"""The moviepy effect: a portrait performs clips that are cut, joined, sped up and written."""

import subprocess
import sys
from itertools import islice

import numpy as np
import pytest
from moviepy import (
    AudioClip,
    ColorClip,
    ImageClip,
    VideoClip,
    VideoFileClip,
    concatenate_videoclips,
)
from PIL import Image

from ostnet import AnimateOptions, InputError, Pipeline
from ostnet.animation.frame import DrivingFrame
from ostnet.animation.scene import open_scene
from ostnet.animation.stages import Stages
from ostnet.media.video import probe
from ostnet.moviepy import Reenact


@pytest.fixture
def reenact(checkpoint, examples):
    """The effect with a small network."""
    torch = {"checkpoint": checkpoint, "device": "cpu", "backend": "torch"}
    return lambda **options: Reenact(examples[0], **torch, size=256, **options)


@pytest.fixture
def clip(examples):
    """Twelve frames of a clip with sound, at 25 frames per second."""
    with VideoFileClip(str(examples[1])) as whole:
        yield whole.subclipped(0, 0.48)


@pytest.fixture
def rendered(monkeypatch):
    """The numbers of pictures that were rendered, as they grow."""
    count, paint = [], Stages._painted
    monkeypatch.setattr(Stages, "_painted", lambda *given: count.append(1) or paint(*given))
    return count


def frames(clip) -> np.ndarray:
    return np.stack(list(clip.iter_frames()))


def test_frames_sound_and_times_are_those_of_a_pipeline(reenact, clip, examples, model, tmp_path):
    result = clip.with_effects([reenact()])
    options = AnimateOptions(size=256, max_frames=12)
    scene = open_scene(*examples, options)
    made = Pipeline(model, "cpu", "torch").generate(
        scene.framed, scene.frames(), ["full"], options, scene.fps, False
    )
    expected = np.stack([variants["full"].image for _, variants in made])
    assert np.abs(frames(result).astype(int) - expected).max() <= 1
    assert (result.fps, result.duration, result.size) == (25, 0.48, (256, 256))
    result.write_videofile(str(tmp_path / "me.mp4"), logger=None)
    info = probe(tmp_path / "me.mp4")
    assert (info.frames, info.fps, info.audio) == (12, 25, "mp3")


def test_each_frame_is_made_once_and_any_order_gives_the_same(reenact, clip, rendered):
    result = clip.with_effects([reenact()])
    in_order = frames(result)
    assert len(rendered) == 12
    assert np.array_equal(frames(result.with_fps(50))[::2], in_order) and len(rendered) == 24
    for k in (7, 7, 2, 11, 3):
        assert np.array_equal(result.get_frame(k / 25), in_order[k])
    assert len(rendered) == 28


@pytest.mark.parametrize("options", [{"scale_window": 0.12}, {"scale_smoothing": True}])
def test_a_jump_reads_the_frames_before_that_the_scale_depends_on(reenact, clip, options):
    result = clip.with_effects([reenact(pose="driver", **options)])
    in_order = frames(result)
    for k in (9, 4, 10):
        assert np.array_equal(result.get_frame(k / 25), in_order[k])


def test_a_frame_without_a_face_repeats_the_last_picture(reenact, clip, rendered):
    grey = ColorClip(clip.size, color=(128, 128, 128), duration=0.12).with_fps(25)
    result = concatenate_videoclips([clip, grey]).with_effects([reenact()])
    in_order = frames(result)
    assert len(in_order) == 15 and len(rendered) == 12
    assert all(np.array_equal(in_order[k], in_order[11]) for k in (12, 13, 14))
    result.get_frame(0)
    assert np.array_equal(result.get_frame(14 / 25), in_order[14])


def test_cuts_joins_speed_and_size_before_and_after(reenact, clip):
    effect = reenact(pose="driver")  # whose frames do not depend on the rest of the clip
    whole = frames(clip.with_effects([effect]))

    def edited(clip):
        parts = [clip.subclipped(0.2, 0.4), clip.subclipped(0, 0.2).with_speed_scaled(2)]
        return concatenate_videoclips(parts)

    expected = whole[[5, 6, 7, 8, 9, 0, 2]]
    for result in (edited(clip).with_effects([effect]), edited(clip.with_effects([effect]))):
        assert np.array_equal(frames(result), expected) and result.audio is not None
    small = clip.with_effects([effect]).resized(0.5)
    assert small.size == (128, 128) and small.get_frame(0).shape == (128, 128, 3)
    tall = clip.resized((300, 360)).with_effects([effect])
    assert tall.get_frame(0.2).shape == (256, 256, 3)


def test_a_long_clip_is_not_held(reenact, clip, monkeypatch):
    alive, most = 0, 0

    class Counted(np.ndarray):
        """Driving pictures that count themselves."""

        def __del__(self):
            nonlocal alive
            alive -= 1

    original = DrivingFrame.__new__

    def counting(kind, picture, face=True):
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        return original(kind, picture.view(Counted), face)

    monkeypatch.setattr(DrivingFrame, "__new__", counting)
    result = clip.with_effects([reenact(pose="driver")])
    for _ in islice(result.iter_frames(), 12):
        pass
    assert 0 < most <= 4


def test_options_add_a_mark_or_the_whole_portrait(reenact, clip, examples):
    plain = clip.with_effects([reenact(max_frames=2)])
    assert plain.duration == 0.08
    marked = clip.with_effects([reenact(max_frames=2, visible_mark=True)])
    difference = np.abs(marked.get_frame(0).astype(int) - plain.get_frame(0)).mean(axis=2)
    assert difference[-24:, :100].mean() > 20 and difference[:200].max() == 0
    whole = clip.with_effects([reenact(max_frames=2, paste_back=True)])
    with Image.open(examples[0]) as portrait:
        assert whole.size == portrait.size


def test_what_cannot_be_used_is_said_in_one_line(reenact, clip, tmp_path):
    def says(words, make):
        with pytest.raises(InputError, match=words) as error:
            make()
        assert "\n" not in str(error.value)

    Image.new("RGB", (300, 300), "grey").save(tmp_path / "grey.png")
    picture = clip.get_frame(0)
    says("options: found 'sise', expected some of .*size", lambda: reenact(sise=512))
    says("pose: found 'up'", lambda: reenact(pose="up"))
    for words, wrong in {
        "has a mask": clip.with_mask(),
        "has no frame rate": ImageClip(picture, duration=1),
        "has no duration": VideoClip(lambda t: picture).with_fps(25),
        "expected moviepy's VideoClip": AudioClip(lambda t: [0.0], duration=1),
    }.items():
        says(f"^clip: .*{words}", lambda wrong=wrong: wrong.with_effects([reenact()]))
    zero = clip.with_duration(0)
    says("^clip: it has no duration", lambda: zero.with_effects([reenact()]))
    no_face = Reenact(tmp_path / "grey.png")
    says("^source: no face was found in .*grey.png", lambda: clip.with_effects([no_face]))
    says("^source: no file", lambda: clip.with_effects([Reenact(tmp_path / "gone.png")]))


def test_the_package_loads_without_moviepy():
    code = "import sys; sys.modules['moviepy'] = None; import ostnet; ostnet.Pipeline"
    subprocess.run([sys.executable, "-c", code], check=True)
