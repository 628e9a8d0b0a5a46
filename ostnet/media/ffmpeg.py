"""Commands of the ffmpeg binary that imageio-ffmpeg installs, and their output.

moviepy uses the same binary, but it rounds frame rates to two decimals, repeats frames of clips
with a variable rate and ignores rotation. So frames are read and written without it.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.limits import MOST_FRAME_PIXELS

# No playlists, which name other files, and no text files, which ffmpeg draws as a terminal.
CONTAINERS = (
    *("mov", "matroska", "webm", "avi", "gif", "apng", "mpeg", "mpegts", "mpegvideo", "h264"),
    *("hevc", "flv", "asf", "ogg", "mxf", "dv", "ivf", "yuv4mpegpipe", "webp_anim", "png_pipe"),
    *("jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe"),
)
"""Formats of files that ffmpeg may open."""

STILLS = "image2"
"""Format of single pictures, and of numbered ones where a name has a pattern ("%03d", "*")."""

HIGH_RANGE = ("smpte2084", "arib-std-b67")
"""ffmpeg's names of the transfer curves PQ (Dolby Vision, HDR10) and HLG."""

WHITE = 203
"""Luminance of a white page in such a video, in candelas per square metre (ITU-R BT.2408)."""

KNEE = 0.8
"""Share of that white up to which light is kept; what is brighter is compressed."""


def ffmpeg(*arguments: str) -> list[str]:
    """Return a command line of the binary without banner and keyboard input."""
    import imageio_ffmpeg

    return [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", *arguments]


def open_input(file: Path) -> list[str]:
    """Return the options that open one local media file and no file that it refers to."""
    formats = CONTAINERS if set("%*?{") & set(str(file)) else (*CONTAINERS, STILLS)
    guard = ["-protocol_whitelist", "file", "-format_whitelist", ",".join(formats)]
    return [*guard, "-max_pixels", str(MOST_FRAME_PIXELS), "-i", f"file:{file}"]


def to_standard_range(transfer: str) -> list[str]:
    """Return filters that turn BT.2020 video into full-range BT.709 RGB.

    They are empty for a transfer curve of standard dynamic range.
    """
    if transfer not in HIGH_RANGE:
        return []
    return [
        f"zscale=tin={transfer}:min=bt2020nc:pin=bt2020:t=linear:npl={WHITE}",
        "format=gbrpf32le",
        "zscale=p=bt709",
        f"tonemap=mobius:param={KNEE}:desat=0",
        "zscale=t=bt709:r=full",
        "format=gbrp",
    ]


def existing_file(path: str | os.PathLike, role: str | None) -> tuple[Path, str]:
    """Return the path and its name in error messages. Raises InputError if it is not a file."""
    file = Path(path)
    name = role or file.name
    if not file.exists():
        raise InputError(f"{name}: no file '{file}'; check the path")
    if not file.is_file():
        raise InputError(f"{name}: '{file}' is not a file; give the path of one")
    if not os.access(file, os.R_OK):
        raise InputError(f"{name}: no permission to read '{file}'; change its mode")
    return file, name


def reason(log: bytes) -> str:
    """Return the last line of ffmpeg's log."""
    lines = log.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "ffmpeg gave no reason"


def stop(process: subprocess.Popen) -> None:
    """End a process if it runs, and close its pipes."""
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # the process has ended
                pipe.close()
    process.wait()


def pictures(pipe) -> Iterator[np.ndarray]:
    """Yield the pictures of a stream in order; see `read_ppm`."""
    while (frame := read_ppm(pipe)) is not None:
        yield frame


def read_ppm(pipe) -> np.ndarray | None:
    """Read the next picture of a stream of binary PPM files.

    Returns:
        uint8 (H, W, 3), writable; None at the end of the stream or of a truncated one.
    """
    if pipe.readline().strip() != b"P6":
        return None
    size = re.fullmatch(rb"([1-9]\d{0,4}) ([1-9]\d{0,4})\n", pipe.readline(20))
    if size is None:
        return None
    width, height = int(size[1]), int(size[2])
    pipe.readline()  # the largest value, 255
    frame = np.empty((height, width, 3), np.uint8)
    filled = pipe.readinto(memoryview(frame).cast("B"))
    return frame if filled == frame.nbytes else None
