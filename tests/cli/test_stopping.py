"""A run that is stopped prints one line and leaves no file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostnet.media.ffmpeg import ffmpeg
from ostnet.media.video import probe


@pytest.fixture
def long_clip(clip, tmp_path_factory) -> Path:
    """The clip over and over: more than can be animated before it is stopped."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    loop = ffmpeg("-stream_loop", "80", "-i", str(clip), "-c", "copy", str(path))
    subprocess.run(loop, check=True, capture_output=True)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "command"), [(signal.SIGTERM, "animate"), (signal.SIGINT, "compare")]
)
def test_nothing_is_left(number, command, portrait, long_clip, checkpoint, tmp_path):
    output = tmp_path / ("out.mp4" if command == "animate" else "out")
    words = [command, "--source", portrait, "--driving", long_clip, "--checkpoint", checkpoint]
    words += ["--driving-crop", "none", "--backend", "torch", "--output", output]
    process = subprocess.Popen(
        [sys.executable, "-m", "ostnet", *map(str, words)],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while not list(tmp_path.rglob("*.mp4")) and time.monotonic() < end:
        time.sleep(0.1)
    assert list(tmp_path.iterdir())  # it has begun
    os.killpg(process.pid, number) if number == signal.SIGINT else process.terminate()
    _, said = process.communicate(timeout=30)
    assert said == b"ostnet: stopped\n"
    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_closed_streams_change_nothing(portrait, clip, checkpoint, tmp_path):
    line = (
        f'"{sys.executable}" -m ostnet animate --source "{portrait}" --driving "{clip}" '
        f'--checkpoint "{checkpoint}" --backend torch --output "{tmp_path}/out.mp4" <&- >&- 2>&-'
    )
    assert subprocess.run(["bash", "-c", line]).returncode == 0
    assert probe(tmp_path / "out.mp4").frames == 13
