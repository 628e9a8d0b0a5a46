"""Writing: what browsers play, at the exact rate, with the sound in its place."""

import os
import re
import shutil
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ostnet.errors import InputError
from ostnet.media.crop import driving_crop
from ostnet.media.picture_folder import open_output
from ostnet.media.video import VideoWriter, probe, read_frames

GREY = np.full((64, 96, 3), 128, np.uint8)


def copy(source, target, **options):
    """Write a clip's frames out again with its rate and sound."""
    with VideoWriter(target, probe(source).fps, probe(source), **options) as writer:
        for frame in read_frames(source):
            writer.write(frame)
    return target


def test_a_copy_has_the_same_rate_frames_and_sound(clip, tmp_path):
    source = clip(rate="30000/1001", seconds=2)
    before, after = probe(source), probe(copy(source, tmp_path / "copy.mp4"))
    assert (after.fps, after.frames) == (Fraction(30000, 1001), before.frames)
    assert after.audio and after.start == 0


def test_browsers_can_play_it(clip, tmp_path, describe):
    path = copy(clip(), tmp_path / "copy.mp4", comment="made by OSTNet")
    said = describe(path)
    assert re.search(r"Stream #0:0.*Video: h264.*yuv420p\(tv.*Stream #0:1.*Audio: aac", said, re.S)
    assert "made by OSTNet" in said
    content = path.read_bytes()
    assert content.find(b"moov") < content.find(b"mdat")  # fast start


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("copy.mov", r"mov,mp4.*AI.*Video: h264.*yuv420p\(tv.*Audio: aac"),
        ("copy.mkv", r"matroska.*AI.*Video: h264.*yuv420p\(tv.*Audio: aac"),
        ("copy.webm", r"matroska,webm.*AI.*Video: vp9.*yuv420p\(tv.*Audio: opus"),
        ("copy.gif", r"gif.*AI.*Video: gif"),
    ],
)
def test_other_kinds_of_files_are_written_by_their_names(clip, tmp_path, describe, name, says):
    source = clip(seconds=2)
    path = copy(source, tmp_path / name, comment="AI-generated", expected=60)
    assert re.search(says, describe(path), re.S)
    written = probe(path)
    assert (written.fps, written.frames) == (25, 50)
    for frame, truth in zip(read_frames(path), read_frames(source), strict=True):
        assert np.abs(frame.astype(int) - truth).mean() < 8
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clip.mp4", name]


@pytest.mark.parametrize(
    ("name", "says", "decoder"),
    [
        ("out.webm", r"Video: vp9.*yuva420p|alpha_mode +: 1", ["-c:v", "libvpx-vp9"]),
        ("out.mov", r"Video: prores \(4444\).*yuva444p1", []),
    ],
)
def test_alpha_is_kept(clip, tmp_path, describe, ffmpeg, name, says, decoder):
    """A picture that becomes transparent from left to right, with sound."""
    frame = np.dstack([GREY, np.tile(np.linspace(0, 255, 96).round(), (64, 1))]).astype(np.uint8)
    source = clip(seconds=1)
    with VideoWriter(tmp_path / name, Fraction(25), probe(source), expected=25) as writer:
        for _ in range(25):
            writer.write(frame)
    assert re.search(says, describe(tmp_path / name)) and probe(tmp_path / name).frames == 25
    assert probe(tmp_path / name).audio
    raw = tmp_path / "out.raw"
    ffmpeg(*decoder, "-i", tmp_path / name, "-pix_fmt", "rgba", "-f", "rawvideo", raw)
    written = np.fromfile(raw, np.uint8).reshape(25, 64, 96, 4)
    assert np.abs(written[..., 3].astype(int) - frame[..., 3]).max() <= 6
    assert np.abs(written[..., 16:, :3].astype(int) - 128).max() <= 6


def test_alpha_needs_a_file_that_holds_it(tmp_path):
    with (
        pytest.raises(ValueError, match=r"\(H, W, 3\)"),
        VideoWriter(tmp_path / "o.mp4", Fraction(25)) as writer,
    ):
        writer.write(np.zeros((64, 64, 4), np.uint8))


def test_an_output_without_a_suffix_is_a_folder_of_pictures(tmp_path):
    frame = np.random.default_rng(0).integers(0, 256, (65, 40, 4), np.uint8)
    with open_output(tmp_path / "out" / "run", Fraction(25), comment="AI-generated") as writer:
        writer.write(frame)
        writer.write(GREY)
        assert not (tmp_path / "out" / "run").exists()
    files = sorted((tmp_path / "out").rglob("*.png"))
    assert [file.name for file in files] == ["frame_00001.png", "frame_00002.png"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run"]
    for file, written in zip(files, (frame, GREY), strict=True):
        with Image.open(file) as picture:
            assert np.array_equal(picture, written) and picture.text["Comment"] == "AI-generated"
    with (
        pytest.raises(InputError, match="is not empty"),
        open_output(files[0].parent, Fraction(25)),
    ):
        pass
    with pytest.raises(RuntimeError), open_output(tmp_path / "failed", Fraction(25)) as writer:
        writer.write(frame)
        raise RuntimeError("the model failed")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_gif_repeats(clip, tmp_path):
    assert b"NETSCAPE2.0\x03\x01\0\0" in copy(clip(), tmp_path / "loop.gif").read_bytes()


def test_an_odd_side_grows_by_one_pixel(tmp_path):
    path = tmp_path / "odd.mp4"
    with VideoWriter(path, Fraction(25)) as writer:
        writer.write(np.full((65, 97, 3), 128, np.uint8))
    assert (probe(path).width, probe(path).height) == (98, 66)


def test_colours_survive(tmp_path):
    path = tmp_path / "colours.mp4"
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[:, :32], frame[:, 32:64], frame[:, 64:] = (200, 60, 30), (20, 180, 90), (240, 240, 240)
    with VideoWriter(path, Fraction(25)) as writer:
        writer.write(frame)
    read = next(read_frames(path))[32, [16, 48, 80]].astype(int)
    assert np.abs(read - frame[32, [16, 48, 80]]).max() <= 3


def packets(ffmpeg, path, track="0:a"):
    """Checksums of the sound's packets."""
    said = ffmpeg(
        "-loglevel", "error", "-i", path, "-map", track, "-c", "copy", "-f", "framecrc", "-"
    )
    return [line.split(",")[5] for line in said.splitlines() if line[0] != "#"]


def test_aac_is_copied_bit_by_bit(clip, tmp_path, ffmpeg):
    source = clip(seconds=2)
    before, after = packets(ffmpeg, source), packets(ffmpeg, copy(source, tmp_path / "copy.mp4"))
    assert len(after) >= len(before) - 2
    assert after == before[: len(after)]


def test_sound_is_cut_to_the_length_of_the_video(clip, tmp_path, describe):
    path = tmp_path / "short.mp4"
    with VideoWriter(path, Fraction(25), probe(clip(seconds=4))) as writer:
        for _ in range(25):
            writer.write(GREY)
    hours, minutes, seconds = re.search(r"Duration: (\d+):(\d+):([\d.]+)", describe(path)).groups()
    assert int(hours) * 3600 + int(minutes) * 60 + float(seconds) == pytest.approx(1, abs=0.05)


def loudness(ffmpeg, path, tmp_path):
    """Sound of a file as a float array at 8 kHz."""
    raw = tmp_path / "sound.raw"
    ffmpeg("-i", path, "-map", "0:a", "-ac", "1", "-ar", "8000", "-f", "s16le", raw)
    return np.abs(np.fromfile(raw, np.int16) / 32768)


def test_sound_stays_with_the_picture_where_that_starts_late(clip, tmp_path, ffmpeg):
    """A tone sets in after a second; the picture starts half a second into the file."""
    silence_then_tone = "sine=duration=3,volume='gte(t,1)':eval=frame"
    late = tmp_path / "late.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", silence_then_tone),
        *("-itsoffset", "0.5", "-i", clip("picture.mp4", seconds=2, audio=None)),
        *("-map", "1:v", "-map", "0:a", "-c:v", "copy", "-c:a", "aac", late),
    )
    assert probe(late).start == pytest.approx(0.5, abs=0.03)
    sound = loudness(ffmpeg, copy(late, tmp_path / "copy.mp4"), tmp_path)
    onset = np.argmax(sound > 0.05) / 8000
    assert onset == pytest.approx(0.5, abs=0.04)


@pytest.fixture
def undecodable(tmp_path, ffmpeg, clip):
    """Make a clip with two sound tracks, of which so many have a codec that ffmpeg lacks."""

    def make(count: int):
        path = tmp_path / f"apac{count}.mp4"
        more = ["-f", "lavfi", "-i", "sine=880:duration=1", "-map", "0", "-map", "1", "-c", "copy"]
        ffmpeg("-i", clip(), *more, "-c:a:1", "aac", path)
        known = path.read_bytes()
        path.write_bytes(known.replace(b"mp4a", b"apac", count).replace(b"esds", b"free", count))
        return path

    return make


def test_the_first_sound_track_that_can_be_decoded_is_taken(undecodable, tmp_path, ffmpeg):
    source = undecodable(1)
    assert (probe(source).audio, probe(source).track) == ("aac", 1)
    written = packets(ffmpeg, copy(source, tmp_path / "copy.mp4"))
    second = packets(ffmpeg, source, "0:a:1")
    assert written and written == second[: len(written)]


def test_without_such_a_track_the_result_is_silent_and_that_is_said(undecodable, tmp_path):
    source = undecodable(2)
    assert probe(copy(source, tmp_path / "copy.mp4")).audio is None
    _, warning = driving_crop(source, "none")
    assert warning == "driving: its sound cannot be decoded; the result is silent"


def test_a_silent_driving_clip_gives_a_silent_video(clip, tmp_path):
    assert not probe(copy(clip(audio=None), tmp_path / "copy.mp4")).audio


def test_a_failure_leaves_nothing_behind_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_text("old")
    with pytest.raises(RuntimeError), VideoWriter(path, Fraction(25)) as writer:
        writer.write(GREY)
        raise RuntimeError("the model failed")
    assert os.listdir(tmp_path) == ["out.mp4"] and path.read_text() == "old"


def test_a_disk_that_fills_meanwhile_is_named(tmp_path, monkeypatch):
    """The encoder ends, and nothing is free any more."""
    with pytest.raises(OSError, match=r"encoder failed on .*: the disk of '.*' is full; delete"):
        with VideoWriter(tmp_path / "out.mp4", Fraction(25)) as writer:
            writer.write(GREY)
            monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
            writer._process.kill()
    assert not os.listdir(tmp_path)


def test_the_file_appears_only_at_the_end(tmp_path):
    path = tmp_path / "new" / "out.mp4"
    with VideoWriter(path, Fraction(25)) as writer:
        writer.write(GREY)
        assert not path.exists()
    assert os.listdir(path.parent) == ["out.mp4"]


def test_frames_that_do_not_fit_are_refused(tmp_path):
    with (
        pytest.raises(ValueError, match="first was"),
        VideoWriter(tmp_path / "o.mp4", 25) as writer,
    ):
        writer.write(GREY)
        writer.write(GREY[:32])
    with pytest.raises(ValueError, match="uint8"), VideoWriter(tmp_path / "o.mp4", 25) as writer:
        writer.write(GREY / 255)
    with pytest.raises(ValueError, match="no frame"), VideoWriter(tmp_path / "o.mp4", 25):
        pass
    assert os.listdir(tmp_path) == []


def test_targets_that_cannot_be_written_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"^output: .*\.mp4"):
        VideoWriter(tmp_path / "out.avi", Fraction(25))
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(InputError, match="^output: .*folder"):
        VideoWriter(tmp_path / "folder.mp4", Fraction(25))
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="^output: "),
        VideoWriter(tmp_path / "file" / "out.mp4", Fraction(25)) as writer,
    ):
        writer.write(GREY)
