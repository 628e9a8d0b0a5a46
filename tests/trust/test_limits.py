"""The kernel holds decoders to their limits, and beyond them a file is refused in one line."""

import resource
import signal
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.media import image, probe, video
from ostnet.media.limits import LONGEST_LOG, MOST_FILES, DecoderLimits
from ostnet.media.sandbox import MEGABYTE, broken_limit, start_decoder
from ostnet.media.video import VideoWriter, read_frames, read_image

pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="a limit of Linux")


@pytest.fixture
def limit(monkeypatch):
    """Set one of the variables."""
    probe._cache.clear()
    yield lambda name, value: monkeypatch.setenv(f"OSTNET_{name}", str(value))
    probe._cache.clear()


def held(process: subprocess.Popen, kind: str) -> tuple[int, int]:
    return resource.prlimit(process.pid, getattr(resource, f"RLIMIT_{kind}"))


def test_decoders_and_encoders_are_held(short_clip, tmp_path, monkeypatch, limit):
    limit("DECODER_MEMORY", 777)
    started = []

    def watched(*arguments):
        process = start_decoder(*arguments)
        started.append({kind: held(process, kind) for kind in ("DATA", "CPU", "FSIZE", "NOFILE")})
        return process

    monkeypatch.setattr(video, "start_decoder", watched)
    assert len(list(read_frames(short_clip))) == 5
    (decoder,) = started
    assert decoder["DATA"][1] == 777 * MEGABYTE and decoder["FSIZE"][1] == LONGEST_LOG
    assert decoder["NOFILE"][1] == MOST_FILES and decoder["CPU"][0] == DecoderLimits.seconds
    with VideoWriter(tmp_path / "out.mp4", Fraction(25)) as writer:
        writer.write(np.zeros((64, 64, 3), np.uint8))
        assert held(writer._process, "DATA")[1] == 777 * MEGABYTE
        assert held(writer._process, "FSIZE")[0] == resource.RLIM_INFINITY


def test_a_clip_that_needs_more_memory(clip, limit):
    path = clip("large.mp4", "-c:v", "libx264", picture="color=red:size=1920x1080:duration=0.2")
    limit("DECODER_MEMORY", 40)
    with pytest.raises(InputError, match="^driving: it needs more than 40 MB to decode; give a"):
        probe.probe(path, role="driving")
        list(read_frames(path, role="driving"))


@pytest.mark.slow
def test_a_clip_that_needs_more_time(clip, limit):
    path = clip("long.mp4", "-c:v", "libx264", "-preset", "ultrafast",
                picture="testsrc=size=640x480:rate=30:duration=60")  # fmt: skip
    limit("DECODER_SECONDS", 1)
    with pytest.raises(InputError, match="^driving: decoding needs more than 1 seconds"):
        list(read_frames(path, role="driving"))


def ended(code: str) -> tuple[subprocess.Popen, bytes]:
    """A decoder that does this, and its log."""
    with tempfile.TemporaryFile() as log:
        process = start_decoder([sys.executable, "-c", code], log)
        process.communicate(timeout=60)
        log.seek(0)
        return process, log.read()


def test_a_decoder_writes_no_large_file_and_no_endless_log(tmp_path):
    process, log = ended("while True: print('x' * 10**6, file=__import__('sys').stderr)")
    assert process.returncode in (-signal.SIGXFSZ, 1) and len(log) == LONGEST_LOG
    ended(f"open({str(tmp_path / 'big')!r}, 'wb', 0).write(bytes({LONGEST_LOG} * 2))")
    assert (tmp_path / "big").stat().st_size == LONGEST_LOG


def test_each_limit_is_said_in_words():
    said = {255: "14400 seconds", -signal.SIGXFSZ: "too many errors", 244: "8192 MB"}
    for code, words in said.items():
        process = subprocess.Popen(["true"])
        process.wait()
        process.returncode = code
        assert words in broken_limit(process, b"")
    process.returncode = 0
    assert broken_limit(process, b"a warning") is None


def test_a_picture_with_more_pixels_is_refused_from_its_header(tmp_path, limit):
    Image.new("1", (2000, 1500)).save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").shape == (1500, 2000, 3)
    limit("PICTURE_MEGAPIXELS", 2)
    with pytest.raises(InputError, match="^source: 'p.png' is too large; .* at most 2 megapixels"):
        read_image(tmp_path / "p.png", role="source")


MORE = "it needs more than 60 MB to decode; give a smaller one"
UNSAID = "'p' is not a readable picture; give a PNG"
"""Error message for libwebp, which does not report why it has failed."""


@pytest.mark.parametrize(
    ("kind", "words"), [("PNG", MORE), ("JPEG", MORE), ("TIFF", MORE), ("WEBP", UNSAID)]
)
def test_a_picture_that_needs_more_memory(kind, words, tmp_path, limit):
    Image.new("RGB", (6000, 5000)).save(tmp_path / "p", kind)
    limit("DECODER_MEMORY", 60)
    with pytest.raises(InputError, match=f"^source: {words}"):
        read_image(tmp_path / "p", role="source")


def test_a_picture_that_takes_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(image, "LONGEST_DECODING", 0.2)
    Image.new("RGB", (64, 64)).save(tmp_path / "p.png")
    with pytest.raises(InputError, match="^source: the decoder made no progress for 0.2 seconds; "):
        read_image(tmp_path / "p.png", role="source")


@pytest.mark.parametrize("value", ["many", "-1", "0", "1.5", "9" * 30])
def test_a_limit_that_is_no_number_is_named(value, limit, short_clip):
    limit("DECODER_MEMORY", value)
    with pytest.raises(InputError, match="^OSTNET_DECODER_MEMORY: found "):
        next(read_frames(short_clip))
