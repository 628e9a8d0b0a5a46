"""A result is put back into the whole portrait, with its sound."""

import subprocess
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from ostnet.media.ffmpeg import ffmpeg
from ostnet.media.video import VideoWriter, probe, read_frames
from ostnet.ui.runs import PASTED_SIDE, paste_back

FRAMES = 8


@pytest.fixture(scope="module")
def result(driving_file, tmp_path_factory) -> Path:
    """Stands for a generated clip: 256 x 256, with the sound of the driving clip."""
    path = tmp_path_factory.mktemp("result") / "full.mp4"
    with VideoWriter(path, probe(driving_file).fps, probe(driving_file)) as writer:
        for frame in islice(read_frames(driving_file), FRAMES):
            writer.write(frame)
    return path


def sound(path: Path) -> np.ndarray:
    """(N,) in 16 bit, one channel, 16 kHz."""
    words = ffmpeg("-loglevel", "error", "-i", str(path), "-ac", "1", "-ar", "16000", "-f", "s16le",
                   "-")  # fmt: skip
    raw = subprocess.run(words, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.int16).astype(np.float32)


def test_the_pasted_clip_is_as_long_and_sounds_the_same(scene, result, tmp_path):
    pasted = paste_back(scene, result, tmp_path / "portrait.mp4")
    before, after = probe(result), probe(pasted)
    assert (after.frames, after.fps, bool(after.audio)) == (FRAMES, before.fps, True)
    height, width = scene.portrait.shape[:2]
    assert after.width / after.height == pytest.approx(width / height, rel=0.02)
    assert max(after.width, after.height) <= PASTED_SIDE
    one, other = sound(result), sound(pasted)
    assert np.abs(one).max() > 300, "the example speaks from its beginning"
    length = min(len(one), len(other))
    assert abs(len(one) - len(other)) < 0.1 * 16000
    assert np.corrcoef(one[:length], other[:length])[0, 1] > 0.9


def test_only_the_face_moves(scene, result, tmp_path):
    pasted = paste_back(scene, result, tmp_path / "portrait.mp4")
    first, last = (np.asarray(frame, float) for frame in list(read_frames(pasted))[:: FRAMES - 1])
    crop = scene.source_crop
    scale = first.shape[0] / scene.portrait.shape[0]
    below = round((crop.top + crop.size) * scale) + 8
    assert below < first.shape[0], "the example shows more than a face"
    assert np.abs(first[below:] - last[below:]).mean() < 2
