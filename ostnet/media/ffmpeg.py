"""The ffmpeg binary that imageio-ffmpeg brings along, and how this package opens files with it.

moviepy reads and writes through the same binary, but rounds a frame rate to two decimals on the
way out, repeats frames of a variable-rate clip on the way in, and does not turn clips that carry
a rotation. So frames pass through the binary directly, and moviepy reports what a file holds.
"""

import contextlib
import os
import subprocess
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.limits import MOST_FRAME_PIXELS

# Only local files, and only containers of pictures: a playlist (or a text file, which ffmpeg
# would draw as a terminal) must not be opened in place of a video.
CONTAINERS = (
    "mov",
    "matroska",
    "webm",
    "avi",
    "gif",
    "apng",
    "mpeg",
    "mpegts",
    "mpegvideo",
    "h264",
    "hevc",
    "flv",
    "asf",
    "ogg",
    "mxf",
    "dv",
    "ivf",
    "yuv4mpegpipe",
    "webp_anim",
    "png_pipe",
    "jpeg_pipe",
    "webp_pipe",
    "bmp_pipe",
    "tiff_pipe",
)

STILLS = "image2"
"""Single pictures; also numbered ones, where a name says "%03d.png" or "*.png"."""


def ffmpeg(*arguments: str) -> list[str]:
    """The command line of the binary, quiet about itself and without a keyboard."""
    import imageio_ffmpeg

    return [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", *arguments]


def open_input(file: Path) -> list[str]:
    """Options that open one local media file and nothing that it may point to."""
    formats = CONTAINERS if set("%*?{") & set(str(file)) else (*CONTAINERS, STILLS)
    guard = ["-protocol_whitelist", "file", "-format_whitelist", ",".join(formats)]
    return [*guard, "-max_pixels", str(MOST_FRAME_PIXELS), "-i", f"file:{file}"]


def existing_file(path: str | os.PathLike, role: str | None) -> tuple[Path, str]:
    """The path and the name that errors call it by; raises InputError where no file is."""
    file = Path(path)
    name = role or file.name
    if not file.exists():
        raise InputError(f"{name}: no file '{file}'; check the path")
    if not file.is_file():
        raise InputError(f"{name}: '{file}' is not a file; give the path of one")
    return file, name


def reason(log: bytes) -> str:
    """The last thing ffmpeg complained about, in one line."""
    lines = log.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "ffmpeg gave no reason"


def stop(process: subprocess.Popen) -> None:
    """End a process, finished or not, and release its pipes."""
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # of no use to an ended process
                pipe.close()
    process.wait()
