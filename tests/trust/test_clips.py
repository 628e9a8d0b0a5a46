"""Untrusted driving clips: each is read, or refused in one line that names it."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostnet.errors import InputError
from ostnet.media import probe, sandbox
from ostnet.media.ffmpeg import ffmpeg
from ostnet.media.video import read_frames

X264 = ("-c:v", "libx264")
TONE = ("-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac")

READABLE = {
    "one_frame.mp4": ["-frames:v", "1"],
    "fast.mp4": ["-r", "240"],
    "ntsc.mp4": ["-r", "30000/1001"],
    "film.mp4": ["-r", "24000/1001"],
    "ten_bit.mp4": [*X264, "-pix_fmt", "yuv420p10le"],
    "full_colour.mp4": [*X264, "-pix_fmt", "yuv444p"],
    "odd.mkv": ["-vf", "scale=51:47,setsar=1", "-c:v", "ffv1"],
    "longer_sound.mp4": [*TONE],
    "later_sound.mkv": ["-itsoffset", "0.3", *TONE],
    "hevc.mp4": ["-c:v", "libx265", "-x265-params", "log-level=error"],
    "alpha.webm": ["-c:v", "libvpx", "-auto-alt-ref", "0", "-pix_fmt", "yuva420p"],
    "grey.mkv": ["-c:v", "ffv1", "-pix_fmt", "gray"],
    "still.png": ["-an", "-frames:v", "1", "-update", "1"],
    "vp9.webm": ["-c:v", "libvpx-vp9", "-cpu-used", "8"],
    "av1.mp4": ["-c:v", "libaom-av1", "-cpu-used", "8"],
    "prores.mov": ["-c:v", "prores_ks"],
    "xvid.avi": ["-c:v", "mpeg4"],
    "stream.ts": ["-c:v", "mpeg2video", "-r", "25"],
    "loop.gif": [],
    "loop.webp": ["-c:v", "libwebp_anim"],
    "loop.apng": ["-f", "apng"],
}


@pytest.mark.parametrize("name", READABLE)
def test_every_frame_is_read_and_counted(name, clip):
    path = clip(name, *READABLE[name])
    info, frames = probe.probe(path), list(read_frames(path))
    assert len(frames) == info.frames > 0
    assert {frame.shape for frame in frames} == {(*info.size, 3)}


@pytest.mark.parametrize(
    ("noted", "row", "column"),
    [(["-display_rotation", "90"], 1, 0), (["-display_hflip"], 0, 1), (["-display_vflip"], 1, 0)],
)
def test_turned_and_mirrored_by_metadata(noted, row, column, clip, tmp_path):
    """Where the red quarter comes to lie, which is stored at the upper left."""
    picture = "color=blue:size=96x64:duration=1:rate=5,drawbox=w=48:h=32:c=red:t=fill"
    stored, shown = clip("stored.mp4", picture=picture), tmp_path / "shown.mp4"
    words = [*noted, "-i", str(stored), "-c", "copy", str(shown)]
    subprocess.run(ffmpeg("-loglevel", "error", *words), check=True)
    frame = next(read_frames(shown))
    height, width = frame.shape[:2]
    assert probe.probe(shown).size == (height, width)
    red = [[frame[h, w, 0] > 150 for w in (8, width - 8)] for h in (8, height - 8)]
    assert red[row][column] and sum(map(sum, red)) == 1


CUT = {
    "empty.mp4": lambda whole: b"",
    "no_head.mp4": lambda whole: whole[300:],
    "no_index.mp4": lambda whole: whole[: len(whole) // 2],  # which lies at the end
    "head_only.mp4": lambda whole: whole[:32],
    "zeros.mp4": lambda whole: bytes(5000),
    "html.mp4": lambda whole: b"<html><video src=http://localhost/a.mp4></html>",
}


def refusal(path: Path) -> str:
    """The one line with which a clip is refused, twice the same."""
    with pytest.raises(InputError, match="^driving: .*; ") as looked:
        probe.probe(path, role="driving")
    with pytest.raises(InputError, match="^driving: .*; ") as read:
        next(read_frames(path, role="driving"))
    assert len(str(looked.value).splitlines()) == len(str(read.value).splitlines()) == 1
    return str(looked.value)


@pytest.mark.parametrize("name", CUT)
def test_parts_of_a_clip(name, short_clip, tmp_path):
    (tmp_path / name).write_bytes(CUT[name](short_clip.read_bytes()))
    assert "contains no readable video" in refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["sound.m4a", "sound.wav", "cover.mp3"])
def test_sound_alone(name, clip, tmp_path):
    picture = [] if name != "cover.mp3" else ["-disposition:v", "attached_pic", "-frames:v", "1"]
    sound = ["-f", "lavfi", "-i", "sine=duration=1"]
    wanted = ["-map", "1:a", *(["-map", "0:v", "-c:v", "png"] if picture else [])]
    assert "contains no readable video" in refusal(clip(name, *sound, *wanted, *picture))


def test_frames_too_large_to_decode(clip):
    picture = "color=red:size=9000x4400:rate=1:duration=1"
    path = clip("big.mkv", "-frames:v", "1", "-c:v", "ffv1", picture=picture)
    assert refusal(path) == (
        "driving: 9000x4400 pixels a frame is too large; give at most 35 megapixels"
    )


def test_pixels_of_an_absurd_shape(clip):
    """Twenty times as wide as high: shown four times as wide at most."""
    path = clip("wide.mp4", "-vf", "setsar=20", *X264)
    assert probe.probe(path).size == next(read_frames(path)).shape[:2] == (48, 256)


def test_more_frames_than_anyone_films(short_clip, monkeypatch):
    monkeypatch.setattr(probe, "MOST_FRAMES", 4)
    probe._cache.clear()
    with pytest.raises(InputError, match="^driving: more than 4 frames; cut the clip"):
        probe.probe(short_clip, role="driving")


@pytest.fixture
def door():
    """A local server that must get no request: its address, and whether it got one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)

        def knocked() -> bool:
            try:
                server.accept()[0].close()
            except BlockingIOError:
                return False
            return True

        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.mp4", knocked


LISTS = {
    "list.m3u8": "#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": "ffconcat version 1.0\nfile '{}'\n",
    "list.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
    '<AdaptationSet contentType="video"><Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    "list.sdp": "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=control:{}\n",
    "list.asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>',
    "list.rtsp": "rtsptext\n{}\n",
    "list.pls": "[playlist]\nFile1={}\n",
}


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_reaches_neither_an_address_nor_a_file(name, renamed, door, short_clip, tmp_path):
    address, knocked = door
    path = tmp_path / (f"{name}.mp4" if renamed else name)
    for target in (address, short_clip, f"concat:{short_clip}", f"subfile,,:{short_clip}"):
        path.write_text(LISTS[name].format(target))
        assert "contains no readable video" in refusal(path)
    assert not knocked()


def grown(content: bytes, new: bytes, old: bytes, around: tuple[bytes, ...]) -> bytes:
    """An MP4 with a part replaced by a longer one, and the sizes of the boxes around it mended."""
    larger = bytearray(content)
    for name in around:
        at = content.index(name) - 4
        size = int.from_bytes(content[at : at + 4], "big") + len(new) - len(old)
        larger[at : at + 4] = size.to_bytes(4, "big")
    at = content.index(old)
    return bytes(larger[:at]) + new + bytes(larger[at + len(old) :])


def test_a_movie_cannot_show_another_file(clip, tmp_path):
    """A MOV may say that its frames lie elsewhere ("alias"); ffmpeg can follow, but is not let."""
    secret = clip("secret.mov", *X264)
    content = secret.read_bytes()
    path = str(secret).encode() + b"\0" * (len(str(secret)) % 2)
    alias = bytes(10) + bytes(28) + bytes(12) + bytes([10]) + b"secret.mov".ljust(63, b"\0")
    alias += bytes(16) + b"\0\1\0\1" + bytes(16) + b"\0\2" + len(path).to_bytes(2, "big") + path
    alias += b"\xff\xff\0\0"
    entry = (12 + len(alias)).to_bytes(4, "big") + b"alis" + bytes(4) + alias
    old = b"\0\0\0\x0curl \0\0\0\1"
    boxes = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
    start = content.index(b"mdat") + 4
    end = content.index(b"moov") - 4
    bare = content[:start] + bytes(end - start) + content[end:]
    pointing = tmp_path / "pointing.mov"
    pointing.write_bytes(grown(bare, entry, old, boxes))
    follow = ["-enable_drefs", "1", "-use_absolute_path", "1", "-i", str(pointing)]
    followed = subprocess.run(
        ffmpeg("-loglevel", "error", *follow, "-f", "framecrc", "-"), capture_output=True
    )
    assert followed.stdout.count(b"\n0,") == 5, "the file points at nothing"
    with pytest.raises(InputError):
        next(read_frames(pointing))


HANGS = "import sys, time; {}; sys.stdout.flush(); time.sleep(60)"


@pytest.fixture
def hanging(monkeypatch, short_clip):
    """A decoder that stops after some output."""
    from ostnet.media import video

    def install(module, writes: str) -> Path:
        monkeypatch.setattr(sandbox, "STALLED", 0.5)
        command = [sys.executable, "-c", HANGS.format(writes)]
        monkeypatch.setattr({"probe": probe, "video": video}[module], "ffmpeg", lambda *_: command)
        probe._cache.clear()
        return short_clip

    yield install
    probe._cache.clear()


@pytest.mark.parametrize("writes", ["pass", "print('0, 0, 0, 1, 9, 0x1')"])
def test_a_decoder_that_stands_still_is_ended(hanging, writes):
    path, started = hanging("probe", writes), time.monotonic()
    with pytest.raises(
        InputError, match="^driving: the decoder made no progress for 0.5 seconds; "
    ):
        probe.probe(path, role="driving")
    assert time.monotonic() - started < 20


def test_a_decoder_that_stops_between_frames_is_ended(hanging, short_clip):
    probe.probe(short_clip)
    path = hanging("video", "sys.stdout.buffer.write(b'P6\\n40 40\\n255\\n' + bytes(4800))")
    frames = read_frames(path, role="driving")
    with pytest.raises(InputError, match="^driving: the decoder made no progress"):
        list(frames)


def test_time_between_reads_is_no_timeout(short_clip, monkeypatch):
    monkeypatch.setattr(sandbox, "STALLED", 2.0)
    frames = read_frames(short_clip)
    next(frames)
    time.sleep(2.5)
    assert len(list(frames)) == 4
