"""HDTF (Zhang et al., CVPR 2021): the lists of its authors.

For each of the subsets RD, WDA and WRA, in lines separated by spaces:

* ``RD_annotion_time.txt``: ``Radio11.mp4 00:30-01:00 01:30-02:30``, the clips of a video.
* ``RD_crop_wh.txt``: ``Radio11_0.mp4 412 599 0 599``: left, width, top and height of the square of
  its first clip, in pixels of the video at
* ``RD_resolution.txt``: ``Radio11.mp4 720`` lines.
* ``RD_video_url.txt``: ``Radio11 https://www.youtube.com/watch?v=...``.

A file may be named ``Radio11``, ``RD_Radio11`` or as on YouTube. In a clip whose square or number
of lines is missing the faces are looked for.
"""

from pathlib import Path
from urllib.parse import parse_qs, urlparse

from ostnet.dataset.prepare.annotated import Annotated
from ostnet.dataset.prepare.source_videos import Span
from ostnet.errors import InputError
from ostnet.media.faces import Box

TIMES = "_annotion_time.txt"

NUMBERED = ("RD",)
"""Subsets whose videos are numbered; elsewhere a number follows the name of a person."""


def is_here(folder: Path) -> bool:
    """Whether a folder holds HDTF's lists."""
    return any(folder.glob(f"*{TIMES}"))


def read_lists(folder: Path) -> list[Annotated]:
    """All subsets in a folder. Raises InputError for a line that makes no sense."""
    found = []
    for times in sorted(folder.glob(f"*{TIMES}")):
        subset = times.name.removesuffix(TIMES)
        crops = _table(folder / f"{subset}_crop_wh.txt")
        heights = _table(folder / f"{subset}_resolution.txt")
        addresses = _table(folder / f"{subset}_video_url.txt")
        for file, clips in _table(times).items():
            name = file.removesuffix(".mp4")
            try:
                spans = tuple(
                    Span(
                        identity=name if subset in NUMBERED else name.rstrip("0123456789"),
                        start=_seconds(clip.partition("-")[0]),
                        end=_seconds(clip.partition("-")[2]),
                        crop=_crop(crops.get(f"{name}_{number}.mp4"), heights.get(file)),
                    )
                    for number, clip in enumerate(clips)
                )
            except ValueError as error:
                raise InputError(
                    f"annotations: what '{folder}' says of '{file}' makes no sense ({error}); "
                    "restore the authors' lists"
                ) from error
            names = (name, f"{subset}_{name}", *_youtube(addresses.get(name, [])))
            found.append(Annotated(names, spans))
    return found


def _table(file: Path) -> dict[str, list[str]]:
    """First word -> the others, line by line; empty where there is no file."""
    if not file.is_file():
        return {}
    try:
        lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise InputError(f"annotations: '{file}' is no text; restore the authors' lists") from error
    return {words[0]: words[1:] for words in lines if words}


def _seconds(clock: str) -> float:
    """``MM:SS`` or ``H:MM:SS`` in seconds."""
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def _crop(words: list[str] | None, lines: list[str] | None) -> Box | None:
    """The square in picture heights."""
    if not words or not lines:
        return None
    left, width, top, height = (float(word) / float(lines[0]) for word in words)
    return Box(left, top, left + width, top + height)


def _youtube(address: list[str]) -> list[str]:
    """The video's name on YouTube, if its address has one."""
    return parse_qs(urlparse(address[0]).query).get("v", []) if address else []
