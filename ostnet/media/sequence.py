"""Driving clips that are pictures: a folder, or a pattern such as frames/%04d.png or frames/*.png.

A new module, since `probe` is about files and must not decode pictures.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.image import read_image, read_pictures
from ostnet.media.limits import MOST_FRAMES, MOST_PICTURES
from ostnet.media.probe import Clip, VideoInfo

PICTURES = frozenset(".jpg .jpeg .png .webp .bmp .tif .tiff .heic .heif .avif".split())
"""Endings of the pictures in a folder."""

DEFAULT_FPS = 25.0

_PATTERN = re.compile(r"%(?:0(\d))?d|[*?]")
_DIGITS = re.compile(r"(\d+)")


def is_sequence(path: Path) -> bool:
    """Return whether a path is a folder, or a pattern and no file."""
    return path.is_dir() or (_PATTERN.search(path.name) is not None and not path.exists())


def picture_files(path: Path, name: str = "driving") -> list[Path]:
    """Return the pictures of a folder or pattern, sorted by name, numbers by value.

    Args:
        path: a folder: all pictures in it; or a path whose last part has `%d`, `%04d` (a number of
            at least four digits), `*` or `?`.
        name: of the input in error messages.

    Raises:
        InputError: there are none, or too many.
    """
    folder, wanted = (path, None) if path.is_dir() else (path.parent, _expression(path.name))
    found = []
    for file in folder.iterdir() if folder.is_dir() else ():
        hidden = file.name.startswith(".")
        fits = wanted.fullmatch(file.name) if wanted else file.suffix.lower() in PICTURES
        if fits and not hidden and file.is_file():
            found.append(file)
    if not found:
        raise InputError(
            f"{name}: no picture fits '{path}'; give a folder or pattern that has some"
        )
    if len(found) > MOST_FRAMES:
        raise InputError(f"{name}: more than {MOST_FRAMES:,} pictures; give fewer")
    return sorted(found, key=_natural)


def sequence(path: Path, fps: float, name: str = "driving") -> Clip:
    """Return a folder or pattern of pictures of one size as a clip.

    The pictures are decoded as portraits are: sandboxed, with the same limits.

    Args:
        path: see `picture_files`.
        fps: frames per second.
        name: of the input in error messages.

    Raises:
        InputError: there are no pictures; while reading, also: one is not readable or has another
            size than the first.
    """
    files = picture_files(path, name)
    height, width = read_image(files[0], name).shape[:2]

    def read() -> Iterator[np.ndarray]:
        for first in range(0, len(files), MOST_PICTURES):
            some = files[first : first + MOST_PICTURES]
            for file, picture in zip(some, read_pictures(some, name), strict=True):
                if picture.shape[:2] != (height, width):
                    size = f"{picture.shape[1]}x{picture.shape[0]}"
                    raise InputError(f"{name}: '{file.name}' has {size} pixels, the first picture "
                                     f"{width}x{height}; give pictures of one size")  # fmt: skip
                yield picture

    rate = Fraction(fps).limit_denominator(1001)
    return Clip(VideoInfo(width, height, rate, len(files), float(len(files) / rate), None), read)


def _expression(pattern: str) -> re.Pattern:
    """Return the regular expression of a file name's pattern."""
    words = {"*": ".*", "?": "."}
    parts, end = [], 0
    for found in _PATTERN.finditer(pattern):
        parts += [re.escape(pattern[end : found.start()])]
        parts += [words.get(found[0], rf"\d{{{found[1] or 1},}}")]
        end = found.end()
    return re.compile("".join([*parts, re.escape(pattern[end:])]))


def _natural(file: Path) -> list[tuple[int, str]]:
    """Return a key that sorts frame_2 before frame_10."""
    parts = _DIGITS.split(file.name.casefold())
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]
