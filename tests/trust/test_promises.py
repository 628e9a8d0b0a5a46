"""Properties of every output: the mark, and the same frames each time."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ostnet.media.ffmpeg import ffmpeg
from ostnet.media.signing import SOURCE_TYPE
from ostnet.media.video import read_frames

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def said_of(path: Path) -> str:
    """ffmpeg's account of a file; of a GIF, which it does not read comments of, the bytes."""
    if path.suffix == ".gif":
        return path.read_bytes().decode("latin-1")
    return subprocess.run(ffmpeg("-i", str(path)), capture_output=True, text=True).stderr


@pytest.mark.parametrize(
    ("suffix", "switches"),
    [*((suffix, ()) for suffix in (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif")),
     (".mp4", ("--paste-back",)), (".gif", ("--paste-back",))],
)  # fmt: skip
def test_every_kind_of_file_is_marked(suffix, switches, animate, tmp_path):
    output = tmp_path / f"out{suffix}"
    assert animate(*switches, output=output) == (0, "")
    assert "AI-generated" in said_of(output) and SOURCE_TYPE.encode() in output.read_bytes()


def test_every_file_of_a_comparison_is_marked(ostnet, portrait, short_clip, checkpoint, tmp_path):
    words = ["--source", portrait, "--driving", short_clip, "--checkpoint", checkpoint]
    words += ["--source-crop", "none", "--driving-crop", "none", "--max-frames", 1]
    code, _ = ostnet("compare", *words, "--backend", "torch", "--output", tmp_path / "out")
    clips = list((tmp_path / "out").glob("*.mp4"))
    assert code == 0 and len(clips) == 6
    assert all("AI-generated" in said_of(path) for path in clips)
    assert all(SOURCE_TYPE.encode() in path.read_bytes() for path in clips)


def test_the_same_frames_twice_and_in_another_process(animate, portrait, short_clip, checkpoint,
                                                      tmp_path):  # fmt: skip
    made = [tmp_path / f"{name}.mp4" for name in ("first", "second", "elsewhere")]
    for output in made[:2]:
        assert animate(output=output) == (0, "")
    words = ["--source", portrait, "--driving", short_clip, "--checkpoint", checkpoint]
    words += ["--source-crop", "none", "--driving-crop", "none", "--max-frames", 2]
    words += ["--backend", "torch", "--output", made[2]]
    command = [sys.executable, "-m", "ostnet", "animate", *map(str, words)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    first, *others = (np.stack(list(read_frames(path))) for path in made)
    assert len(first) == 2 and all(np.array_equal(first, other) for other in others)
