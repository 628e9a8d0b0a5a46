"""What a video holds: size, exact frame rate, number of frames, sound."""

import functools
import itertools
import os
import re
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file, ffmpeg, open_input, stop
from ostnet.media.limits import (
    MOST_FRAME_PIXELS,
    MOST_FRAMES,
    MOST_STRETCH,
    BeyondLimitError,
)
from ostnet.media.sandbox import broken_limit, start_decoder
from ostnet.media.timeline import Timeline, believed, parse_framecrc
from ostnet.media.timeouts import in_time

SMALLEST = 32
"""Shortest side of a usable picture, in pixels."""

SQUARE_PIXELS = f"scale='round(iw*clip(sar,1/{MOST_STRETCH},{MOST_STRETCH}))':ih"
"""Filter that widens anamorphic video to square pixels and leaves any other as it is."""

HIDDEN_PACKETS = ("vp8", "mpeg4")
"""Codecs with packets that show no frame: their frames must be decoded to be counted."""

_SOUND = re.compile(r"Stream #0:\d+[^\n]*: Audio: (\w+)")
"""A sound track in ffmpeg's account of a file, and its codec."""

_TRANSFER = re.compile(r"color_trc:([\w-]+)")
"""The curve from light to code values in that account."""

_DAMAGE = re.compile(r"partial file|ended prematurely|Packet corrupt")
"""What a reader says of a file that does not hold what its index promises."""

_TOO_LARGE = re.compile(r"Picture size (\d+)x(\d+) exceeds specified max pixel count")
"""What the decoder says of frames beyond the limit."""


@dataclass(frozen=True)
class VideoInfo:
    """What `probe` finds."""

    width: int
    """Pixels, as shown: rotation and pixel shape applied."""
    height: int
    """Pixels, as shown."""
    fps: Fraction
    """Frames per second: the nominal rate (29.97 is 30000/1001) where it holds; of a variable one
    the rate at which `read_frames` lays it out."""
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
    varies: bool = False
    """Whether frames are repeated or left out so that each keeps its time at a constant rate."""
    damaged: bool = False
    """Whether a part of what the file promises is missing."""
    transfer: str = "unknown"
    """Curve from light to code values, as ffmpeg calls it: bt709, smpte2084 (PQ), ..."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), as shown."""
        return self.height, self.width

    @property
    def has_audio(self) -> bool:
        """Whether there is a sound track."""
        return self.audio is not None


def probe(path: str | os.PathLike, role: str | None = None) -> VideoInfo:
    """Look at a video without reading its frames (VP8 and MPEG-4 are decoded to be counted).

    A clip of variable frame rate is told as it is laid out: at a constant rate, fine enough for
    every frame to keep its time. What was found is remembered as long as the file does not change.
    `role` names the input in errors (default: the file's name). Raises InputError where there is no
    video, or one beyond the limits.
    """
    file, name = existing_file(path, role)
    try:
        info = found_in(file)
    except BeyondLimitError as error:
        raise InputError(f"{name}: {error}") from error
    if info is None:
        raise InputError(f"{name}: '{file.name}' holds no video that can be read; "
                         "give a video file such as MP4, MOV, WebM or GIF")  # fmt: skip
    if min(info.width, info.height) < SMALLEST:
        raise InputError(f"{name}: {info.width}x{info.height} pixels is too small; "
                         f"give at least {SMALLEST} pixels a side")  # fmt: skip
    return info


def found_in(file: Path) -> VideoInfo | None:
    """What a file holds; None: no video. Raises BeyondLimitError."""
    state = file.stat()
    return _looked_at(file, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=64)
def _looked_at(file: Path, changed: int, size: int) -> VideoInfo | None:
    timeline, header = _timeline(file, decode=False)
    if timeline is not None and timeline.codec in HIDDEN_PACKETS:
        timeline, header = _timeline(file, decode=True)
    shape = re.search(r"\bs:(\d+)x(\d+)\b", header)
    if timeline is None or shape is None:
        return None
    stated = re.search(r"frame_rate: (\d+)/(\d+)", header)
    nominal = None
    if stated and int(stated[2]):
        nominal = believed(Fraction(int(stated[1]), int(stated[2])))
    damaged = _DAMAGE.search(header) is not None
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
        audio=sound[1] if (sound := _SOUND.search(header)) else None,
        start=float(timeline.first),
        path=file,
        is_mp4="Input #0, mov,mp4" in header,
        varies=varies,
        damaged=damaged,
        transfer=curve[1] if (curve := _TRANSFER.search(header)) else "unknown",
    )


def _timeline(file: Path, decode: bool) -> tuple[Timeline | None, str]:
    """One pass over the packets (or the decoded frames), and ffmpeg's account of the first frame.

    The timeline is None where no frame was found.
    """
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
        assert process.stdout is not None  # a pipe, as asked for
        try:
            # to its end: the account of the first frame may come after the last packet
            lines = in_time(process, process.stdout)
            timeline = parse_framecrc(itertools.islice(lines, MOST_FRAMES))
            if next(lines, None) is not None:
                raise BeyondLimitError(f"more than {MOST_FRAMES:,} frames; cut the clip")
        finally:
            stop(process)
        log.seek(0)
        said = log.read()
    header = said.decode("utf-8", "replace")
    if size := _TOO_LARGE.search(header):
        most = MOST_FRAME_PIXELS // 1_000_000
        raise BeyondLimitError(f"{size[1]}x{size[2]} pixels a frame is too large; "
                               f"give at most {most} megapixels")  # fmt: skip
    if limit := broken_limit(process, said):
        raise BeyondLimitError(limit)
    return timeline, header
