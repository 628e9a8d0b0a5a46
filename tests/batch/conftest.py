"""A small network, a portrait, clips, and a batch of them in this process or beside it."""

import csv
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from procedural_face import FaceParams, render
from small_models import tiny_checkpoint

from ostnet.media.video import VideoWriter


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """An untrained network that renders 256 x 256."""
    return tiny_checkpoint(tmp_path_factory.mktemp("weights") / "tiny")


def write_clip(path: Path, scale: float, frames: int = 3) -> Path:
    """A face of this size that opens its mouth."""
    with VideoWriter(path, Fraction(25)) as writer:
        for t in np.linspace(0, 1, frames):
            face = FaceParams(mouth_open=float(t), scale=(scale, scale))
            writer.write(render(face, size=128)[0])
    return path


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """A folder with ``portrait.png``, ``near.mp4`` and ``far.mp4``."""
    folder = tmp_path_factory.mktemp("files")
    Image.fromarray(render(FaceParams(), size=160)[0]).save(folder / "portrait.png")
    write_clip(folder / "near.mp4", 1.1)
    write_clip(folder / "far.mp4", 0.8)
    return folder


class Folder:
    """A table of jobs and the folder of their results.

    Args:
        path: an empty folder.
        flags: of every job.
    """

    def __init__(self, path: Path, flags: list):
        self.path, self.flags = path, flags
        self.output = path / "out"

    def write(self, *rows: dict) -> None:
        """The table, with the columns of all rows."""
        with (self.path / "jobs.csv").open("w", newline="") as text:
            writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)

    def command(self, *flags) -> list[str]:
        words = ["batch", self.path / "jobs.csv", "--output", self.output, *self.flags, *flags]
        return [str(word) for word in words]

    def start(self, *flags) -> subprocess.Popen:
        """The command in a process and a session of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "ostnet", *self.command(*flags)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def table(self, name: str) -> dict[str, dict[str, str]]:
        """A table of the results, by job."""
        with (self.output / name).open(newline="") as text:
            return {row["name"]: row for row in csv.DictReader(text)}

    def videos(self) -> dict[str, bytes]:
        """The results, by job."""
        return {path.stem: path.read_bytes() for path in self.output.glob("*.mp4")}


@pytest.fixture
def ostnet(capfd):
    """Run the command in this process: ``ostnet(...)`` -> (exit code, stdout, stderr)."""
    from ostnet.cli import main

    def run(*arguments) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def flags(checkpoint) -> list:
    """Which weights, and how they run."""
    return ["--checkpoint", checkpoint, "--device", "cpu", "--backend", "torch"]


@pytest.fixture
def folder(tmp_path, flags) -> Folder:
    return Folder(tmp_path, flags)


@pytest.fixture
def here(monkeypatch):
    """Jobs run in this process, for tests of something else: starting others takes seconds."""
    monkeypatch.setattr(
        "ostnet.batch.run.in_processes",
        lambda work, jobs, *_: ((job, work(job, bool)) for job in jobs),
    )
