"""Faults of the machine during a run: one line, and no incomplete file."""

import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ostnet.exits import exit_code
from ostnet.media.video import VideoWriter

ROOT = Path(__file__).parents[2]


@pytest.fixture
def words(portrait, short_clip, checkpoint):
    """``animate`` on small inputs."""
    flags = {"source": portrait, "driving": short_clip, "checkpoint": checkpoint}
    flags |= {"source-crop": "none", "driving-crop": "none"}
    return ["animate", *(f"--{name}={value}" for name, value in flags.items())]


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = "mount -t tmpfs -o size=4k tmpfs /mnt"
    return (
        subprocess.run(["unshare", "-rm", "sh", "-c", probe], capture_output=True).returncode == 0
    )


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="no right to mount a small disk")
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_full_disk(suffix, words, tmp_path):
    command = [sys.executable, "-m", "ostnet", *words, "--backend=torch"]
    script = 'mount -t tmpfs -o size=12k tmpfs "$0" && "$@"; code=$?; ls -A "$0"; exit $code'
    (tmp_path / "disk").mkdir()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, tmp_path / "disk", *command,
         f"--output={tmp_path}/disk/out{suffix}"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")  # and nothing lies on the disk
    assert done.stderr.startswith("ostnet: error: ") and done.stderr.count("\n") == 1
    assert f"the disk of '{tmp_path}/disk' is full; delete" in done.stderr


@pytest.mark.slow
def test_no_home_and_no_cache(words, tmp_path):
    """Nothing needs them; one line says why every start takes longer."""
    nowhere = "/dev/null/nowhere"
    homeless = {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "OSTNET_CACHE": nowhere}
    homeless |= {"HF_HOME": nowhere, "MPLCONFIGDIR": nowhere}
    done = subprocess.run(
        [sys.executable, "-m", "ostnet", *words, f"--output={tmp_path / 'out.mp4'}"],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | homeless,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.startswith("ostnet: warning: cache: ") and done.stderr.count("\n") == 1
    assert "OSTNET_CACHE" in done.stderr
    assert os.listdir(tmp_path) == ["out.mp4"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_an_encoder_that_is_killed(number, suffix, tmp_path, capsys):
    target = tmp_path / f"out{suffix}"
    target.write_text("the last result")

    def render():
        with VideoWriter(target, Fraction(25)) as writer:
            for index in range(200):
                if index == 3:
                    os.kill(writer._process.pid, number)
                    time.sleep(0.2)
                writer.write(np.zeros((256, 256, 3), np.uint8))

    assert exit_code(render) == 2
    said = capsys.readouterr().err
    assert "the video encoder failed" in said and said.count("\n") == 1
    assert target.read_text() == "the last result" and os.listdir(tmp_path) == [target.name]


BUILD = """
import sys, time
from pathlib import Path
from ostnet.backends.cache import cached
from ostnet.backends.manifest import GraphFile, Manifest, file_digest
def build(folder):
    (folder / "graph").write_text("graph" * 1000)
    time.sleep(1)
    graph = GraphFile({}, [], {"graph": file_digest(folder / "graph")})
    manifest = Manifest("openvino", "", {}, {}, None, {"a": graph}, "")
    manifest.write(folder)
    return manifest
folder, manifest = cached("key", build)
assert Manifest.read(folder) == manifest
"""


def test_processes_that_build_the_same_graphs_at_once(tmp_path):
    environment = os.environ | {"OSTNET_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", BUILD]
    several = [subprocess.Popen(command, env=environment, cwd=ROOT) for _ in range(3)]
    assert [process.wait(timeout=60) for process in several] == [0, 0, 0]
    assert os.listdir(tmp_path / "graphs") == ["key"]
