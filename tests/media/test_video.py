"""Reading: the rate is exact, and every frame comes once and in order."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from ostnet.errors import InputError
from ostnet.media.video import VideoWriter, probe, read_frames


@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001", "25", "60"])
def test_the_rate_is_the_files_own_fraction(clip, rate):
    info = probe(clip(rate=rate))
    assert info.fps == Fraction(rate)
    assert info.frames == len(list(read_frames(clip(rate=rate))))
    assert info.duration == pytest.approx(float(info.frames / info.fps))


def numbered(index):
    """A frame that carries its own number as ten black or white stripes."""
    bits = [(index >> bit) & 1 for bit in range(10)]
    return np.repeat(np.repeat([bits], 32, axis=0), 8, axis=1)[..., None].repeat(3, 2).astype(
        np.uint8
    ) * np.uint8(255)


def number(frame):
    return sum(1 << bit for bit in range(10) if frame[16, 8 * bit + 4, 0] > 127)


def test_every_frame_comes_once_and_in_order(tmp_path):
    path = tmp_path / "numbered.mp4"
    with VideoWriter(path, Fraction(30000, 1001)) as writer:
        for index in range(150):
            writer.write(numbered(index))
    assert [number(frame) for frame in read_frames(path)] == list(range(150))
    assert [number(frame) for frame in read_frames(path, max_frames=7)] == list(range(7))


def test_a_reader_that_is_dropped_early_ends_its_process(clip):
    frames = read_frames(clip(seconds=4, size="320x240"))
    first = next(frames)
    assert first.dtype == np.uint8 and first.shape == (240, 320, 3) and first.flags.writeable
    frames.close()
    with pytest.raises(StopIteration):
        next(frames)


def test_memory_does_not_grow_with_the_clip(clip):
    path = clip(seconds=8, size="320x240")
    tracemalloc.start()
    for frame in read_frames(path):
        size = frame.nbytes
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12 * size  # of 200 frames


def test_a_variable_rate_keeps_its_length_and_the_time_of_every_frame(clip):
    """Three frames in ten are missing; at 2 s red becomes blue."""
    picture = "color=red:size=96x64:rate=30:duration=4,drawbox=c=blue:t=fill:enable='gte(t,2)'"
    drop = "select='not(between(mod(n,10),3,5))'"
    options = ["-vf", drop, "-fps_mode", "vfr"]
    path = clip("phone.mp4", *options, picture=picture, audio=None)
    info, frames = probe(path), list(read_frames(path))
    assert info.varies and info.fps == 30
    assert info.frames == len(frames) == 120
    blue = [index for index, frame in enumerate(frames) if frame[32, 48, 2] > 128]
    assert blue[0] in (59, 60, 61) and blue[-1] == 119
    assert len(list(read_frames(path, max_frames=50))) == 50


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_half_a_file_keeps_its_rate(clip, tmp_path, suffix):
    options = [*("-c:v", "libx264"), *(["-movflags", "+faststart"] if suffix == ".mp4" else [])]
    whole = clip(f"whole{suffix}", *options, seconds=4).read_bytes()
    half = tmp_path / f"half{suffix}"
    half.write_bytes(whole[: len(whole) // 2])
    info = probe(half)
    assert info.damaged and info.fps == 25
    assert 0 < info.frames == len(list(read_frames(half))) < 100
    assert not probe(tmp_path / f"whole{suffix}").damaged


@pytest.mark.parametrize(("curve", "number"), [("smpte2084", "pq"), ("arib-std-b67", "hlg")])
def test_high_dynamic_range_looks_like_the_standard_one(clip, curve, number):
    """The same colour bars in BT.2020, a white page at 203 candelas."""
    bars = (
        "smptebars=size=256x144:rate=5:duration=1,format=yuv420p,setparams="
        "color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=limited"
    )
    tags = f"colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc:log-level=error"
    high = (
        f"{bars},zscale=t=linear:npl=203,format=gbrpf32le,"
        f"zscale=p=bt2020:t={curve}:m=bt2020nc:r=limited:npl=203,format=yuv420p10le"
    )
    options = ["-c:v", "libx265", "-crf", "10", "-preset", "ultrafast", "-x265-params", tags]
    plain = next(read_frames(clip("sdr.mkv", "-c:v", "ffv1", audio=None, picture=bars)))
    shown = next(read_frames(clip(f"{number}.mov", *options, audio=None, picture=high)))
    assert np.abs(shown.astype(int) - plain).mean() < 6


def test_anamorphic_video_gets_square_pixels(clip):
    path = clip("dv.mp4", "-vf", "setsar=4/3")
    assert (probe(path).width, probe(path).height) == (128, 64)
    assert next(read_frames(path)).shape == (64, 128, 3)


def test_frames_cut_away_by_an_edit_list_are_not_counted(clip, ffmpeg, tmp_path):
    trimmed = tmp_path / "trimmed.mp4"
    ffmpeg("-ss", "0.5", "-i", clip(seconds=2), "-c", "copy", trimmed)
    assert probe(trimmed).frames == len(list(read_frames(trimmed))) < 50


def test_no_frames_cannot_be_asked_for(clip):
    with pytest.raises(InputError, match="at least 1"):
        next(read_frames(clip(), max_frames=0))


def test_nothing_heavy_is_imported_before_it_is_used():
    import subprocess
    import sys

    modules = ["video", "faces", "crop", "paste", "compose"]
    imports = "; ".join(f"import ostnet.media.{module}" for module in modules)
    heavy = "{'torch', 'moviepy', 'face_alignment', 'dlib'} & set(sys.modules)"
    code = f"import sys; {imports}; print({heavy} or 'light')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "light"
