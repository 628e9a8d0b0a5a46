"""Frames of a stretch at another rate."""

import subprocess
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from ostnet.dataset.prepare.source_frames import source_frames
from ostnet.errors import InputError
from ostnet.media.ffmpeg import ffmpeg
from ostnet.media.video import VideoWriter, probe, read_frames


@pytest.fixture(scope="module", params=[Fraction(25), Fraction(50), Fraction(30000, 1001)])
def clock(request, tmp_path_factory):
    """Three seconds of a film that gets brighter by 60 a second."""
    path = tmp_path_factory.mktemp("clock") / "clock.mp4"
    with VideoWriter(path, request.param, crf=8) as writer:
        for index in range(round(3 * request.param)):
            level = 20 + round(float(60 * index / request.param))
            writer.write(np.full((64, 96, 3), level, np.uint8))
    return path


def seconds(frames):
    return [(float(frame.mean()) - 20) / 60 for frame in frames]


def test_a_whole_video_comes_at_the_rate_asked_for(clock):
    times = seconds(source_frames(clock, probe(clock), 25))
    assert abs(len(times) - 75) <= 1
    assert times == pytest.approx(np.arange(len(times)) / 25, abs=0.06)


def test_a_stretch_starts_where_it_should(clock):
    times = seconds(source_frames(clock, probe(clock), 25, 1.2, 2.2))
    assert abs(len(times) - 25) <= 1
    assert times == pytest.approx(1.2 + np.arange(len(times)) / 25, abs=0.06)


def test_a_stretch_beyond_the_end_is_an_error(clock):
    with pytest.raises(InputError, match="clock.mp4: no frame from second 9.00 on"):
        list(source_frames(clock, probe(clock), 25, 9.0, 10.0))


def test_high_dynamic_range_looks_as_it_does_everywhere(tmp_path):
    film = tmp_path / "pq.mov"
    bars = "smptebars=size=96x64:rate=5:duration=1,format=yuv420p10le"
    tags = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=error"
    made = ["-f", "lavfi", "-i", bars, "-c:v", "libx265", "-x265-params", tags, str(film)]
    subprocess.run(ffmpeg("-loglevel", "error", *made), check=True)
    info = probe(film)
    assert info.transfer == "smpte2084"
    found = next(source_frames(film, info, 5))
    assert np.abs(found.astype(int) - next(read_frames(film))).mean() < 1


def test_what_a_killed_decoder_had_read_does_not_pass_for_the_whole(clock, monkeypatch):
    started, popen = [], subprocess.Popen
    info = replace(probe(clock), width=960, height=640)  # too much for the pipe to hold

    def start(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    frames = source_frames(clock, info, 25)
    next(frames)
    started[0].terminate()
    with pytest.raises(OSError, match="the decoder was stopped while it read .*clock.mp4"):
        list(frames)
