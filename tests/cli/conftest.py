"""A small network on disk, a portrait and driving clips, all made here."""

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, Identity, render
from small_models import SMALL, lively

from ostnet.media.ffmpeg import ffmpeg
from ostnet.media.video import VideoWriter

NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """An untrained network that renders 256 x 256."""
    config = replace(SMALL, resolution=256, motion_resolution=64, widths=(8, 8, 8))
    model = lively(config, scale=0.1, embedding=0.5)
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def faces() -> list[np.ndarray]:
    """A person who opens the mouth and comes a little nearer, 256 x 256."""
    steps = np.linspace(0, 1, 4)
    return [
        render(FaceParams(mouth_open=t, yaw=0.2 * t, scale=(0.9 + 0.2 * t,) * 2), size=256)[0]
        for t in steps
    ]


@pytest.fixture(scope="session")
def portrait(tmp_path_factory) -> Path:
    """Another person on a wide picture with odd sides."""
    person = Identity(skin=(0.64, 0.45, 0.34), seed=3)
    picture = render(FaceParams(identity=person), size=300)[0]
    wide = np.pad(picture, ((0, 1), (40, 61), (0, 0)), mode="edge")
    path = tmp_path_factory.mktemp("portrait") / "portrait.png"
    Image.fromarray(wide).save(path)
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory, faces) -> Path:
    """13 frames at 30000/1001 a second, with a tone."""
    folder = tmp_path_factory.mktemp("driving")
    with VideoWriter(folder / "silent.mp4", NTSC) as writer:
        for index in range(13):
            writer.write(faces[index % len(faces)])
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    subprocess.run(
        ffmpeg("-i", str(folder / "silent.mp4"), *tone, "-c:v", "copy", "-shortest",
               str(folder / "clip.mp4")),
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "clip.mp4"


@pytest.fixture(scope="session")
def blinking_clip(tmp_path_factory, faces) -> Path:
    """Nine frames of a face, of which frames 4 and 5 are grey."""
    path = tmp_path_factory.mktemp("driving") / "blank.mp4"
    with VideoWriter(path, Fraction(25)) as writer:
        for index in range(9):
            writer.write(np.full_like(faces[0], 90) if index in (4, 5) else faces[0])
    return path


@pytest.fixture
def ostnet(capsys):
    """Run the command in this process: ``ostnet(...)`` -> (exit code, stdout, stderr)."""
    from ostnet.cli import main

    def run(*arguments) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
