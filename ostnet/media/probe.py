"""Properties of a video: size, exact frame rate, number of frames, sound."""

import itertools
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file, ffmpeg, open_input, stop
from ostnet.media.limits import MOST_FRAME_PIXELS, MOST_FRAMES, MOST_STRETCH, BeyondLimitError
from ostnet.media.sandbox import Cancel, broken_limit, read_in_time, start_decoder
from ostnet.media.timeline import Timeline, parse_framecrc, plausible

SMALLEST = 32
"""Shortest accepted side of a picture, in pixels."""

SQUARE_PIXELS = f"scale='round(iw*clip(sar,1/{MOST_STRETCH},{MOST_STRETCH}))':ih"
"""Filter that scales anamorphic video to square pixels."""

HIDDEN_PACKETS = ("vp8", "mpeg4")
"""Codecs with packets that show no frame: only decoded frames can be counted."""

# In ffmpeg's log: a sound track with its codec, the format of samples, which only tracks have that
# can be decoded, the transfer curve, damage, a frame beyond the limit.
_SOUND = re.compile(r"Stream #0:\d+[^\n]*: Audio: (\w+)([^\n]*)")
_SAMPLES = re.compile(r", (?:u8|s16|s32|s64|flt|dbl)p?\b")
_TRANSFER = re.compile(r"color_trc:([\w-]+)")
_DAMAGE = re.compile(r"partial file|ended prematurely|Packet corrupt")
_TOO_LARGE = re.compile(r"Picture size (\d+)x(\d+) exceeds specified max pixel count")

CACHED = 256
"""Number of files whose properties are cached."""

_cache: dict[tuple[Path, int, int], "VideoInfo | None"] = {}


@dataclass(frozen=True)
class VideoInfo:
    """Properties of a video that `probe` finds."""

    width: int
    """Pixels, as displayed: after rotation and with square pixels."""
    height: int
    """Pixels, as displayed."""
    fps: Fraction
    """Frames per second: the nominal rate where it holds (29.97 is 30000/1001), else the constant
    rate at which `read_frames` yields frames."""
    frames: int
    """Number of frames that `read_frames` yields."""
    duration: float
    """Seconds: frames / fps."""
    audio: str | None
    """ffmpeg's name of the codec of the first sound track that can be decoded; None: none can."""
    start: float = 0.0
    """Seconds from the start of the file (usually of its sound) to the first frame."""
    path: Path = Path()
    """The file."""
    is_mp4: bool = False
    """Whether it is an MP4 or MOV file."""
    varies: bool = False
    """Whether frames are repeated or dropped to keep their times at a constant rate."""
    damaged: bool = False
    """Whether part of the file is missing or corrupt."""
    transfer: str = "unknown"
    """ffmpeg's name of the transfer curve: bt709, smpte2084 (PQ), ..."""
    track: int = 0
    """Number of that sound track among all; if none can be decoded, the number of all."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), as displayed."""
        return self.height, self.width


@dataclass(frozen=True)
class Clip:
    """Frames that are not in a file."""

    info: VideoInfo
    """Their size, rate and number."""

    read: Callable[[], Iterable[np.ndarray]]
    """Starts a new reading of the frames, uint8 RGB (H, W, 3)."""


def probe(
    path: str | os.PathLike | Clip, role: str | None = None, cancel: Cancel | None = None
) -> VideoInfo:
    """Find the properties of a video without decoding it (VP8 and MPEG-4 must be decoded).

    The result is cached as long as the file does not change.

    Args:
        path: the file, or frames that are not in one.
        role: name of the input in error messages; default: the file's name.
        cancel: ends the reading once it returns True.

    Raises:
        InputError: the file has no readable video or exceeds a limit, or the reading was cancelled.
    """
    if isinstance(path, Clip):
        check_sides(path.info.size, role or "clip")
        return path.info
    file, name = existing_file(path, role)
    try:
        info = properties(file, cancel)
    except BeyondLimitError as error:
        raise InputError(f"{name}: {error}") from error
    if info is None:
        raise InputError(f"{name}: '{file.name}' contains no readable video; "
                         "give a video file such as MP4, MOV, WebM or GIF")  # fmt: skip
    check_sides(info.size, name)
    return info


def check_sides(size: tuple[int, ...], name: str) -> None:
    """Raise InputError for a size (height, width) with a side below `SMALLEST`."""
    height, width = size
    if min(height, width) < SMALLEST:
        raise InputError(f"{name}: {width}x{height} pixels is too small; "
                         f"give at least {SMALLEST} pixels a side")  # fmt: skip


def properties(file: Path, cancel: Cancel | None = None) -> VideoInfo | None:
    """Return the properties of a video, None if the file has none. Raises BeyondLimitError."""
    state = file.stat()
    key = file, state.st_mtime_ns, state.st_size
    if key in _cache:
        return _cache[key]
    found = _properties(file, cancel)
    if len(_cache) >= CACHED:
        _cache.clear()
    _cache[key] = found
    return found


def _properties(file: Path, cancel: Cancel | None) -> VideoInfo | None:
    timeline, header = _timeline(file, False, cancel)
    if timeline is not None and timeline.codec in HIDDEN_PACKETS:
        timeline, header = _timeline(file, True, cancel)
    shape = re.search(r"\bs:(\d+)x(\d+)\b", header)
    if timeline is None or shape is None:
        return None
    stated = re.search(r"frame_rate: (\d+)/(\d+)", header)
    nominal = None
    if stated and int(stated[2]):
        nominal = plausible(Fraction(int(stated[1]), int(stated[2])))
    damaged = _DAMAGE.search(header) is not None
    tracks = [codec if _SAMPLES.search(rest) else None for codec, rest in _SOUND.findall(header)]
    track = next((number for number, codec in enumerate(tracks) if codec), len(tracks))
    fps, frames, varies = timeline.rate(nominal), timeline.count, False
    if damaged and nominal:
        fps = nominal
    elif not timeline.is_steady(fps) and (layout := timeline.layout(nominal)):
        (fps, frames), varies = layout, True
    return VideoInfo(
        width=int(shape[1]),
        height=int(shape[2]),
        fps=fps,
        frames=frames,
        duration=float(frames / fps),
        audio=tracks[track] if track < len(tracks) else None,
        start=float(timeline.first),
        path=file,
        is_mp4="Input #0, mov,mp4" in header,
        varies=varies,
        damaged=damaged,
        transfer=curve[1] if (curve := _TRANSFER.search(header)) else "unknown",
        track=track,
    )


def _timeline(file: Path, decode: bool, cancel: Cancel | None) -> tuple[Timeline | None, str]:
    """Return the times of the packets (or decoded frames), None without a frame, and the log."""
    listed = ["-fps_mode", "passthrough", "-enc_time_base", "demux"] if decode else ["-c", "copy"]
    listed += ["-flush_packets", "1"]
    with tempfile.TemporaryFile() as log:
        process = start_decoder(
            ffmpeg(
                *open_input(file),
                *("-map", "0:V:0", *listed, "-f", "framecrc", "-"),
                *("-map", "0:V:0", "-vf", f"{SQUARE_PIXELS},showinfo=checksum=0"),
                *("-frames:v", "1", "-f", "null", "-"),
            ),
            log,
        )
        assert process.stdout is not None
        try:
            # to the end: ffmpeg may log the first frame after the last packet
            lines = read_in_time(process, process.stdout, cancel=cancel)
            timeline = parse_framecrc(itertools.islice(lines, MOST_FRAMES))
            if next(lines, None) is not None:
                raise BeyondLimitError(f"more than {MOST_FRAMES:,} frames; cut the clip")
        finally:
            stop(process)
        log.seek(0)
        output = log.read()
    header = output.decode("utf-8", "replace")
    if size := _TOO_LARGE.search(header):
        most = MOST_FRAME_PIXELS // 1_000_000
        raise BeyondLimitError(f"{size[1]}x{size[2]} pixels a frame is too large; "
                               f"give at most {most} megapixels")  # fmt: skip
    if limit := broken_limit(process, output):
        raise BeyondLimitError(limit)
    return timeline, header
