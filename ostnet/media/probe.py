"""What a video holds: size, exact frame rate, number of frames, sound."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file, ffmpeg, open_input, stop

SMALLEST = 32
"""Shortest side of a usable picture, in pixels."""

DRIFT = Fraction(1, 20)
"""Seconds by which sound and picture may part over a whole clip before a rate counts as wrong."""

SQUARE_PIXELS = "scale=round(iw*sar):ih"
"""Filter that widens anamorphic video to square pixels and leaves any other as it is."""

HIDDEN_PACKETS = ("vp8", "mpeg4")
"""Codecs with packets that show no frame: their frames must be decoded to be counted."""

DISCARDED = 0x4
"""Flag of a packet that an edit list cuts away (decoded, never shown)."""

_SOUND = re.compile(r"Stream #0:\d+[^\n]*: Audio: (\w+)")
"""A sound track in ffmpeg's account of a file, and its codec."""

NO_TIME = -(2**63)
"""What stands in a listing where a packet has no time."""


@dataclass(frozen=True)
class VideoInfo:
    """What `probe` finds."""

    width: int
    """Pixels, as shown: rotation and pixel shape applied."""
    height: int
    """Pixels, as shown."""
    fps: Fraction
    """Frames per second: the nominal rate (29.97 is 30000/1001), or the mean of a variable one."""
    frames: int
    """Number of frames that `read_frames` yields."""
    duration: float
    """Seconds: frames / fps."""
    audio: str | None
    """Codec of the first sound track, as ffmpeg calls it; None: there is none."""
    start: float = 0.0
    """Seconds from the start of the file (its sound, usually) to the first frame."""
    path: Path = Path()
    """The file."""
    is_mp4: bool = False
    """Whether it is of the MP4 and MOV family."""

    @property
    def has_audio(self) -> bool:
        """Whether there is a sound track."""
        return self.audio is not None


@dataclass(frozen=True)
class _Timeline:
    """When the frames of a stream are shown; times in seconds from the file's start."""

    codec: str
    count: int
    first: Fraction
    last: Fraction

    def rate(self, nominal: Fraction | None) -> Fraction:
        """The nominal rate where it describes the clip, else the mean rate of its frames."""
        span = self.last - self.first
        if self.count < 2 or span <= 0:
            return nominal or Fraction(25)
        if nominal and abs((self.count - 1) / nominal - span) <= DRIFT:
            return nominal
        return Fraction((self.count - 1) / span).limit_denominator(1001)


def probe(path: str | os.PathLike, role: str | None = None) -> VideoInfo:
    """Look at a video without reading its frames (VP8 and MPEG-4 are decoded to be counted).

    A clip of variable frame rate gets its mean rate, so that its length and the end of its sound
    stay where they are. `role` names the input in errors (default: the file's name).
    Raises InputError where there is no video.
    """
    file, name = existing_file(path, role)
    timeline, header = _timeline(file, decode=False)
    if timeline is not None and timeline.codec in HIDDEN_PACKETS:
        timeline, header = _timeline(file, decode=True)
    size = re.search(r"\bs:(\d+)x(\d+)\b", header)
    if timeline is None or size is None:
        raise InputError(f"{name}: '{file.name}' holds no video that can be read; "
                         "give a video file such as MP4, MOV, WebM or GIF")  # fmt: skip
    width, height = int(size[1]), int(size[2])
    if min(width, height) < SMALLEST:
        raise InputError(f"{name}: {width}x{height} pixels is too small; "
                         f"give at least {SMALLEST} pixels a side")  # fmt: skip
    stated = re.search(r"frame_rate: (\d+)/(\d+)", header)
    nominal = Fraction(int(stated[1]), int(stated[2])) if stated and int(stated[2]) else None
    fps = timeline.rate(nominal)
    return VideoInfo(
        width=width,
        height=height,
        fps=fps,
        frames=timeline.count,
        duration=float(timeline.count / fps),
        audio=sound[1] if (sound := _SOUND.search(header)) else None,
        start=float(timeline.first),
        path=file,
        is_mp4="Input #0, mov,mp4" in header,
    )


def _timeline(file: Path, decode: bool) -> tuple[_Timeline | None, str]:
    """One pass over the packets (or the decoded frames), and ffmpeg's account of the first frame.

    The timeline is None where no frame was found.
    """
    listed = ["-fps_mode", "passthrough", "-enc_time_base", "demux"] if decode else ["-c", "copy"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ffmpeg(
                *open_input(file),
                *("-map", "0:V:0", *listed, "-f", "framecrc", "-"),
                *("-map", "0:V:0", "-vf", f"{SQUARE_PIXELS},showinfo=checksum=0"),
                *("-frames:v", "1", "-f", "null", "-"),
            ),
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            timeline = _parse_framecrc(process.stdout)
            process.wait()  # the account of the first frame may come after the last packet
        finally:
            stop(process)
        log.seek(0)
        header = log.read().decode("utf-8", "replace")
    return timeline, header


def _parse_framecrc(lines) -> _Timeline | None:
    """Read ffmpeg's framecrc listing: `stream, dts, pts, duration, size, crc[, F=flags]`."""
    time_base, codec, count = Fraction(1), "", 0
    first = last = None
    for line in lines:
        text = line.decode("ascii", "replace").strip()
        if text.startswith("#tb 0:"):
            time_base = Fraction(text.split(":")[1].strip())
        elif text.startswith("#codec_id 0:"):
            codec = text.split(":")[1].strip()
        elif text and not text.startswith("#"):
            fields = [field.strip() for field in text.split(",")]
            if fields[-1].startswith("F=") and int(fields[-1][2:], 16) & DISCARDED:
                continue
            count += 1
            if (shown := int(fields[2])) != NO_TIME:
                first = shown if first is None else min(first, shown)
                last = shown if last is None else max(last, shown)
    if count == 0:
        return None
    return _Timeline(codec, count, time_base * (first or 0), time_base * (last or 0))
