"""Untrusted files, and the command that reads them."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, render
from running_page import RunningPage, running_page
from small_models import tiny_checkpoint

from ostnet.media.ffmpeg import ffmpeg

CLIP = "testsrc=size=64x48:rate=10:duration=0.5"
"""Five frames."""


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """An untrained network that renders 256 x 256."""
    return tiny_checkpoint(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="session")
def face() -> np.ndarray:
    """A drawn person, uint8 (256, 256, 3)."""
    return render(FaceParams(), size=256)[0]


@pytest.fixture(scope="session")
def portrait(tmp_path_factory, face) -> Path:
    path = tmp_path_factory.mktemp("portrait") / "portrait.png"
    Image.fromarray(face).save(path)
    return path


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory) -> Path:
    """Five frames and half a second of a tone."""
    return made(tmp_path_factory.mktemp("clip") / "clip.mp4", *tone(0.5))


@pytest.fixture(scope="package")
def page(tmp_path_factory, checkpoint) -> Iterator[RunningPage]:
    """The page in a process of its own."""
    with running_page(tmp_path_factory.mktemp("page"), checkpoint) as page:
        yield page


@pytest.fixture
def clip(tmp_path) -> Callable[..., Path]:
    """Make a clip of that name with these options of ffmpeg."""
    return lambda name, *options, picture=CLIP: made(tmp_path / name, *options, picture=picture)


def made(path: Path, *options: object, picture: str = CLIP) -> Path:
    words = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", picture, *map(str, options)]
    subprocess.run(ffmpeg(*words, f"file:{path}"), check=True)
    return path


def tone(seconds: float, *before: str) -> list[str]:
    """Options that add sound."""
    return [*before, "-f", "lavfi", "-i", f"sine=duration={seconds}", "-c:a", "aac"]


@pytest.fixture
def ostnet(capsys):
    """Run the command in this process: ``ostnet(...)`` -> (exit code, standard error)."""
    from ostnet.cli import main

    def run(*arguments: object) -> tuple[int, str]:
        code = main([str(argument) for argument in arguments])
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def animate(ostnet, portrait, short_clip, checkpoint, tmp_path):
    """Two frames of ``animate`` with some flags replaced: (exit code, standard error)."""

    def run(*switches: str, **changed: object) -> tuple[int, str]:
        flags = {
            "source": portrait,
            "driving": short_clip,
            "checkpoint": checkpoint,
            "output": tmp_path / "out.mp4",
            "source-crop": "none",
            "driving-crop": "none",
            "max-frames": 2,
            "backend": "torch",
            **changed,
        }
        # with "=", so that a value may begin with a dash
        return ostnet("animate", *switches, *(f"--{name}={value}" for name, value in flags.items()))

    return run
