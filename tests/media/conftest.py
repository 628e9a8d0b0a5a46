"""Clips made on the spot with ffmpeg, and one real face: Eileen Collins, NASA, public domain."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest


def run(*arguments):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


@pytest.fixture
def ffmpeg():
    """Run the bundled ffmpeg with these arguments; returns its output."""

    def work(*arguments):
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return work


@pytest.fixture
def describe():
    """What ffmpeg says of a file."""
    return lambda path: run("-i", path).stderr


@pytest.fixture
def clip(tmp_path, ffmpeg):
    """Make `name` of a moving test picture and, unless audio=None, a tone; returns its path."""

    def make(
        name="clip.mp4", *options, size="96x64", rate="25", seconds=1, audio="aac", picture=None
    ):
        path = tmp_path / name
        picture = picture or f"testsrc=size={size}:rate={rate}:duration={seconds}"
        sound = ["-f", "lavfi", "-i", f"sine=duration={seconds}", "-c:a", audio] if audio else []
        ffmpeg("-f", "lavfi", "-i", picture, *sound, *options, path)
        return path

    return make


@pytest.fixture(scope="session")
def astronaut():
    """A portrait with one face, uint8 (512, 512, 3)."""
    return np.ascontiguousarray(pytest.importorskip("skimage.data").astronaut())
