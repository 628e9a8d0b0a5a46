"""The drawn faces are what they claim to be, and the example files what their README says."""

import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe, read_frames
from procedural_face import (
    LANDMARKS,
    FaceParams,
    random_identity,
    random_motion,
    render,
)

dlib = pytest.importorskip("dlib")

EXAMPLES = Path(__file__).parent.parent / "examples"
POSED = FaceParams(yaw=0.3, pitch=-0.1, roll=0.1, mouth_open=0.4, smile=0.3, gaze=(0.5, 0.2))


def landmarks(params: FaceParams) -> dict[str, np.ndarray]:
    return dict(zip(LANDMARKS, render(params, 64)[1], strict=True))


# The renderer ---------------------------------------------------------------------------------


def test_landmarks_move_exactly_with_scale_and_shift():
    image, points = render(POSED, 64)
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8
    _, moved = render(replace(POSED, scale=(0.6, 1.3), shift=(0.1, -0.2)), 64)
    np.testing.assert_allclose(moved, points * [0.6, 1.3] + [0.1, -0.2], atol=1e-12)


def test_positive_angles_turn_right_down_and_clockwise():
    rest = landmarks(FaceParams())["nose_tip"]
    assert landmarks(FaceParams(yaw=0.2))["nose_tip"][0] > rest[0] + 0.05
    assert landmarks(FaceParams(pitch=0.2))["nose_tip"][1] > rest[1] + 0.05
    tilted = landmarks(FaceParams(roll=0.2))
    assert tilted["eye_outer_right"][1] > tilted["eye_outer_left"][1] + 0.05


def test_expressions_move_what_they_should():
    rest, open_ = landmarks(FaceParams()), landmarks(FaceParams(mouth_open=1.0))

    def lips(points):
        return points["lip_lower"][1] - points["lip_upper"][1]

    assert lips(open_) > lips(rest) + 0.1
    assert open_["chin"][1] > rest["chin"][1] + 0.03
    np.testing.assert_array_equal(open_["brow_left"], rest["brow_left"])
    smiling = landmarks(FaceParams(smile=1.0))
    assert smiling["mouth_right"][0] > rest["mouth_right"][0]
    assert landmarks(FaceParams(brow_raise=1.0))["brow_left"][1] < rest["brow_left"][1]
    assert landmarks(FaceParams(gaze=(1.0, 0.0)))["iris_left"][0] > rest["iris_left"][0]


@pytest.mark.parametrize("turned", [FaceParams(), POSED])
def test_irises_are_drawn_where_their_landmarks_say(turned):
    size = 256
    image, points = render(replace(turned, scale=(2.0, 2.0)), size)
    grey = image.mean(axis=2)
    for name in ("iris_left", "iris_right"):
        column, row = np.round((points[LANDMARKS.index(name)] + 1) / 2 * (size - 1)).astype(int)
        around = grey[row - 24 : row + 25, column - 24 : column + 25]
        assert grey[row - 1 : row + 2, column - 1 : column + 2].mean() < around.mean() - 50


def test_motion_is_smooth_and_lively():
    moments = random_motion(np.random.default_rng(0), 100)
    again = random_motion(np.random.default_rng(0), 100)
    assert moments == again and len({moment.identity for moment in moments}) == 1
    yaw = np.degrees([moment.yaw for moment in moments])
    assert np.abs(yaw).max() > 18 and np.abs(np.diff(yaw)).max() < 4
    assert np.ptp([moment.mouth_open for moment in moments]) > 0.5
    assert max(moment.blink_left for moment in moments) > 0.9


def test_people_differ_and_every_one_is_found():
    people = [random_identity(np.random.default_rng(seed)) for seed in range(3)]
    assert len(set(people)) == 3
    assert all(faces_in(render(FaceParams(person), 160)[0]) == 1 for person in people)


# The example files ----------------------------------------------------------------------------


@cache
def detector():
    return dlib.get_frontal_face_detector()


def faces_in(image: np.ndarray) -> int:
    return len(detector()(np.ascontiguousarray(image), 1))


def clips_of_the_readme() -> dict[str, list[str]]:
    """File -> pixels, frames, rate, face, sound, and what is in it."""
    rows = re.findall(
        r"^\| `(driving/.*?)` \| (.*) \|$", (EXAMPLES / "README.md").read_text(), re.M
    )
    return {file: rest.split(" | ") for file, rest in rows}


def packets(path: Path, stream: str) -> tuple[Fraction, list[int]]:
    """Time base and each packet's duration of one stream, as ffmpeg's framecrc tells them."""
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path), "-map", stream]
    command += ["-c", "copy", "-f", "framecrc", "-"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    base = next(line.split(": ")[1] for line in lines if line.startswith("#tb"))
    return Fraction(base), [int(line.split(",")[3]) for line in lines if not line.startswith("#")]


def test_the_readme_lists_every_file_and_they_are_small():
    files = [path for path in EXAMPLES.rglob("*") if path.is_file() and path.name != "README.md"]
    text = (EXAMPLES / "README.md").read_text()
    made = EXAMPLES / "showcase"
    assert f"`{made.name}/`" in text
    files = [path for path in files if path.parent != made]
    assert all(f"`{path.relative_to(EXAMPLES).as_posix()}`" in text for path in files)
    inputs = [path for path in files if path.parent != EXAMPLES]
    assert len(inputs) == len(re.findall(r"^\| `(?:portraits|driving)/", text, re.M))
    assert sum(path.stat().st_size for path in files) < 3_000_000


@pytest.mark.parametrize("file", sorted(clips_of_the_readme()))
def test_a_clip_is_what_the_readme_says(file):
    pixels, frames, rate, _, sound, *_ = clips_of_the_readme()[file]
    stream = read_frames(str(EXAMPLES / file))
    head = next(stream)
    stream.close()
    assert head["source_size"] == tuple(int(side) for side in pixels.split(" x "))
    assert head["codec"] == "h264" and head["pix_fmt"].startswith("yuv420p")
    base, durations = packets(EXAMPLES / file, "0:v")
    assert len(durations) == int(frames)
    assert {base * duration for duration in durations} == {1 / Fraction(rate)}
    assert ("audio_codec" in head) == (sound != "none")
    if sound != "none":
        base, durations = packets(EXAMPLES / file, "0:a")
        assert head["audio_codec"] == sound.lower()
        assert abs(base * sum(durations) - int(frames) / Fraction(rate)) < 0.1


@pytest.mark.parametrize("file", sorted(clips_of_the_readme()))
def test_the_faces_of_a_clip_can_be_found(file):
    stream = read_frames(str(EXAMPLES / file))
    width, height = next(stream)["source_size"]
    frames = [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in stream]
    sampled = frames[:: len(frames) // 10]
    assert np.mean([faces_in(frame) == 1 for frame in sampled]) >= 0.9


@pytest.mark.parametrize("name", ["eileen_collins.jpg", "grace_hopper.jpg"])
def test_the_portraits_show_a_face(name):
    image = cv2.imread(str(EXAMPLES / "portraits" / name))[..., ::-1]
    assert min(image.shape[:2]) >= 512
    assert faces_in(image) >= 1
