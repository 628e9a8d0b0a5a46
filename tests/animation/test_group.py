"""Several faces of one portrait, driven by one clip or each by its own."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from procedural_face import FaceParams, Identity, render

from ostnet import AnimateOptions, InputError, Pipeline
from ostnet.animation.group import Group, open_inputs, shared
from ostnet.animation.outputs import Outputs
from ostnet.media.video import Clip, VideoInfo, probe

ALL = AnimateOptions(faces="all", size=256, driving_crop="none")


@pytest.fixture(scope="module")
def people() -> np.ndarray:
    """A picture of two, the larger face on the left: (256, 512, 3)."""
    larger = render(FaceParams(scale=(1.2, 1.2)), 256)[0]
    smaller = render(FaceParams(Identity(seed=3, skin=(0.64, 0.45, 0.34))), 256)[0]
    return np.hstack([larger, smaller])


@pytest.fixture(scope="module")
def faces() -> list[np.ndarray]:
    """A mouth that opens, in four frames."""
    return [render(FaceParams(mouth_open=t), 256)[0] for t in np.linspace(0, 1, 4)]


def clip_of(frames: list[np.ndarray], fps: int = 25, read: list | None = None) -> Clip:
    """A clip of frames in memory; ``read`` gets an entry for each frame that is read."""
    info = VideoInfo(256, 256, Fraction(fps), len(frames), len(frames) / fps, None)
    noted = [] if read is None else read
    return Clip(info, lambda: (noted.append(frame.shape) or frame for frame in frames))


def stream(model, people, driving, options, overlap=False) -> list[np.ndarray]:
    pipeline = Pipeline(model, "cpu", "torch", overlap=overlap)
    scene = pipeline.open(people, driving, options)
    made = pipeline.stream(scene, Outputs({"full": Path()}))
    return [rendered.pictures["full"] for rendered in made]


def test_one_clip_drives_all_faces_and_is_read_as_often_as_for_one(model, people, faces):
    read, read_for_one = [], []
    both = stream(model, people, clip_of(faces, read=read), ALL)
    alone = AnimateOptions(paste_back=True, size=256, driving_crop="none")
    left = stream(model, people, clip_of(faces, read=read_for_one), alone)
    assert len(read) == len(read_for_one) and len(both) == 4
    for group, one in zip(both, left, strict=True):
        assert np.array_equal(group[:, :200], one[:, :200])  # far from the right face
        assert np.array_equal(one[:, 330:], people[:, 330:])
        assert (group[100:150, 350:420] != people[100:150, 350:420]).any()
    threads = stream(model, people, clip_of(faces), ALL, overlap=True)
    assert all(np.array_equal(*pair) for pair in zip(both, threads, strict=True))


def test_each_face_has_its_own_clip_and_the_first_one_sets_rate_and_length(people, faces):
    first, second = clip_of(faces), clip_of(faces, fps=50)  # half as long
    group = open_inputs(people, [first, second], ALL)
    assert isinstance(group, Group) and (group.total, group.video) == (4, first.info)
    lefts = [scene.source_crop.left for scene in group.scenes]
    assert lefts[0] < 128 < lefts[1]
    mine, other = (list(frames) for frames in group.frames())
    assert [frame.face for frame in mine] == [True] * 4
    assert [frame.face for frame in other] == [True, True, False, False]
    for frame, at in zip(other, (1, 3, 3, 3), strict=True):
        assert np.array_equal(frame.picture, faces[at])
    swapped = open_inputs(people, [first, second], AnimateOptions(faces=(1, 0)))
    assert [scene.source_crop.left for scene in swapped.scenes] == lefts[::-1]


def test_a_group_becomes_one_video_of_the_whole_picture(checkpoint, people, examples, tmp_path):
    pipe = Pipeline.from_pretrained(checkpoint, device="cpu", backend="torch")
    options = AnimateOptions(faces="all", max_frames=2, visible_mark=True)
    result = pipe(people, examples[1], tmp_path / "us.mp4", options, trace=tmp_path / "t.json")
    info = probe(result.path)
    assert (info.width, info.height, info.frames, bool(info.audio)) == (512, 256, 2, True)
    assert len(result.scales) == len(result.trace["frames"]) == 2  # of the first face


def test_what_does_not_fit_together_is_refused(people, faces):
    clip = clip_of(faces)
    for given, driving, complaint in (
        ({"faces": "all"}, [clip] * 3, "driving: found 3 clips for 2 faces, expected one clip for"),
        ({"faces": (2,)}, clip, "source: face 2 was asked for, but at most 2 were found"),
        ({}, [clip] * 2, "driving: found 2 clips for one face, expected one"),
    ):
        with pytest.raises(InputError, match=f"^{complaint}"):
            open_inputs(people, driving, AnimateOptions(**given))
    with pytest.raises(InputError, match="^source: no face was found"):
        open_inputs(np.zeros((64, 64, 3), np.uint8), clip, ALL)


def test_an_error_of_a_shared_reading_reaches_every_face():
    def broken():
        yield "one"
        raise InputError("driving: broken")

    for view in shared(broken(), 3):
        assert next(view) == "one"
        with pytest.raises(InputError, match="driving: broken"):
            next(view)
