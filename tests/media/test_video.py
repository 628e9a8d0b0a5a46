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


def test_a_rotated_phone_clip_stands_upright(clip, ffmpeg, tmp_path):
    upright = clip(
        "lying.mp4", picture="color=red:size=96x64:duration=1,drawbox=w=iw/2:c=blue:t=fill"
    )
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", upright, "-c", "copy", turned)
    info = probe(turned)
    assert (info.width, info.height) == (64, 96)
    frame = next(read_frames(turned))
    assert frame.shape == (96, 64, 3)
    bottom, top = frame[-8, 32].astype(int), frame[8, 32].astype(int)
    assert bottom[2] > 150 > bottom[0] and top[0] > 150 > top[2]  # left turned to the bottom


def test_anamorphic_video_gets_square_pixels(clip):
    path = clip("dv.mp4", "-vf", "setsar=4/3")
    assert (probe(path).width, probe(path).height) == (128, 64)
    assert next(read_frames(path)).shape == (64, 128, 3)


def test_frames_cut_away_by_an_edit_list_are_not_counted(clip, ffmpeg, tmp_path):
    trimmed = tmp_path / "trimmed.mp4"
    ffmpeg("-ss", "0.5", "-i", clip(seconds=2), "-c", "copy", trimmed)
    assert probe(trimmed).frames == len(list(read_frames(trimmed))) < 50


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("film.webm", ["-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus"]),
        (
            "alpha.webm",
            ["-c:v", "libvpx", "-auto-alt-ref", "0", "-pix_fmt", "yuva420p", "-c:a", "libopus"],
        ),
        ("loop.gif", ["-an"]),
        ("grey.mkv", ["-c:v", "ffv1", "-pix_fmt", "gray"]),
        ("tenbit.mkv", ["-c:v", "ffv1", "-pix_fmt", "yuv422p10le"]),
        ("old.avi", ["-c:v", "mpeg4", "-bf", "2", "-c:a", "mp3"]),
        ("odd.mp4", ["-vf", "scale=51:47,setsar=1", "-pix_fmt", "yuv444p"]),
        ("still.png", ["-an", "-frames:v", "1", "-update", "1"]),
        ("still.jpg", ["-an", "-frames:v", "1", "-update", "1"]),
    ],
)
def test_many_kinds_of_video_are_read_as_rgb(clip, name, options):
    path = clip(name, *options, rate="20")
    info, frames = probe(path), list(read_frames(path))
    assert len(frames) == info.frames == (1 if name.startswith("still") else 20)
    assert {frame.shape for frame in frames} == {(info.height, info.width, 3)}


def unusable(tmp_path, clip, kind):
    """A file (or none) that is no video."""
    path = tmp_path / kind
    if kind == "notes.txt":
        path.write_text("a page of text " * 200)
    elif kind == "empty.mp4":
        path.touch()
    elif kind == "list.m3u8":
        segment = clip("segment.ts")
        path.write_text(f"#EXTM3U\n#EXTINF:1,\n{segment}\n#EXT-X-ENDLIST\n")
    elif kind == "folder":
        path.mkdir()
    elif kind == "tiny.mp4":
        path = clip("tiny.mp4", size="16x16")
    elif kind == "sound.m4a":
        path = clip("sound.m4a", "-vn")
    return path


@pytest.mark.parametrize(
    "kind",
    ["missing.mp4", "notes.txt", "empty.mp4", "list.m3u8", "folder", "tiny.mp4", "sound.m4a"],
)
def test_what_is_no_video_is_refused_in_one_line(tmp_path, clip, kind):
    path = unusable(tmp_path, clip, kind)
    for look in (probe, lambda file, role: next(read_frames(file, role=role))):
        with pytest.raises(InputError, match=r"^driving: .*; .*") as caught:
            look(path, role="driving")
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=f"^{path.name}: "):
        probe(path)


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
