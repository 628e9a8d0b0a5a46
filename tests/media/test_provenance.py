"""Marks of generated files, read by programs that know nothing of the code that writes them."""

import json
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from ostnet.media.provenance import mark_generated
from ostnet.media.video import VideoWriter, probe, read_frames

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif")
RAMP = np.broadcast_to(np.arange(0, 240, 2.5, np.float32)[None, :, None], (64, 96, 3))
FRAMES = [np.roll(RAMP, shift, axis=1).astype(np.uint8) for shift in (0, 8, 16)]


@pytest.fixture
def generated(tmp_path):
    """Write a file of some kind, marked as generated; returns its path."""

    def make(suffix, expected=None, sound=None):
        path = tmp_path / f"generated{suffix}"
        if suffix == ".png":
            Image.fromarray(FRAMES[0]).save(path)
            mark_generated(path, suffix, None)
            return path
        with VideoWriter(path, Fraction(25), sound, expected, generated=True) as writer:
            for frame in FRAMES:
                writer.write(frame)
        return path

    return make


@pytest.mark.parametrize("suffix", VIDEOS)
def test_marked_videos_play(generated, suffix):
    path = generated(suffix)
    assert (probe(path).fps, probe(path).frames) == (25, 3)
    for frame, truth in zip(read_frames(path), FRAMES, strict=True):
        assert np.abs(frame.astype(int) - truth).mean() < 4


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov"])
@pytest.mark.parametrize("expected", [3, 50])
def test_ffmpeg_reads_the_xmp(generated, clip, ffmpeg, suffix, expected):
    """Also of a file with sound that is cut after the last frame."""
    path = generated(suffix, expected, probe(clip()))
    assert f'DigitalSourceType="{SOURCE_TYPE}"' in ffmpeg(
        "-loglevel", "error", "-export_xmp", "1", "-i", path, "-f", "ffmetadata", "-"
    ).replace("\\", "")
    content = path.read_bytes()
    assert content.find(b"moov") < content.find(b"mdat")  # fast start


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_matroska_has_a_tag_instead(generated, describe, suffix):
    assert f"DIGITAL_SOURCE_TYPE: {SOURCE_TYPE}" in describe(generated(suffix))


def test_pillow_reads_the_xmp_of_a_picture(generated):
    with Image.open(generated(".png")) as picture:
        assert np.array_equal(np.asarray(picture), FRAMES[0])
        assert SOURCE_TYPE in picture.info["XML:com.adobe.xmp"]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("suffix", [*VIDEOS, ".png"])
def test_exiftool_finds_it_in_every_kind_of_file(generated, suffix):
    command = ["exiftool", "-json", "-G0", "-n", generated(suffix)]
    (said,) = json.loads(subprocess.check_output(command))
    group = "Matroska" if suffix in (".mkv", ".webm") else "XMP"
    assert said[f"{group}:DigitalSourceType"] == SOURCE_TYPE
    assert not any("Warning" in key for key in said)
