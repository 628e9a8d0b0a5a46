"""Still pictures in."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

import ostnet
from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file, stop
from ostnet.media.limits import LONGEST_DECODING, BeyondLimitError, DecoderLimits
from ostnet.media.ppm import pictures
from ostnet.media.probe import SMALLEST
from ostnet.media.sandbox import broken_limit, start_decoder
from ostnet.media.timeouts import in_time

PROGRAM = """
import os, sys
sys.path = sys.argv[1].split(os.pathsep)
from ostnet.media.picture import main
main(*sys.argv[2:])
"""
"""Run by a bare interpreter, which starts in a third of the time and heeds no environment."""


class _NoPictureError(Exception):
    """There is none in a file; ``code`` says why, see `ostnet.media.picture`."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


def read_image(path: str | os.PathLike, role: str | None = None, apart: bool = True) -> np.ndarray:
    """Read a picture as uint8 RGB (H, W, 3), turned as its EXIF orientation says.

    Colours become sRGB, as an embedded profile means them; transparent parts become white, grey
    becomes RGB, more bits become 8; of an animation the first picture is taken. `role` names the
    input in errors (default: the file's name). `apart`: decode in a process of its own, which is
    held to limits; False: in this one, sooner, for pictures that are one's own. Raises InputError
    for a missing, unreadable, too small or too large picture.
    """
    file, name = existing_file(path, role)
    most = DecoderLimits.here().megapixels
    try:
        image = (_apart if apart else _here)(file, most)
    except BeyondLimitError as error:
        raise InputError(f"{name}: {error}") from error
    except _NoPictureError as error:
        raise InputError(f"{name}: '{file.name}' {_words(error.code, most)}") from error
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise InputError(f"{name}: {width}x{height} pixels is too small; "
                         f"give at least {SMALLEST} pixels a side")  # fmt: skip
    return image


def _here(file: Path, megapixels: int) -> np.ndarray:
    from ostnet.media.picture import decoded, why

    try:
        return np.array(decoded(file, megapixels))
    except Exception as error:  # decoders of broken files raise whatever they stumble over
        raise _NoPictureError(why(error)) from error


def _apart(file: Path, megapixels: int) -> np.ndarray:
    """Also raises BeyondLimitError."""
    places = [*map(str, sys.path), str(Path(ostnet.__file__).parents[1])]
    words = [os.pathsep.join(places), str(file), str(megapixels)]
    with tempfile.TemporaryFile() as log:
        process = start_decoder([sys.executable, "-I", "-S", "-c", PROGRAM, *words], log)
        try:
            images = list(in_time(process, pictures(process.stdout), LONGEST_DECODING))
        finally:
            stop(process)
        log.seek(0)
        if limit := broken_limit(process, log.read()):
            raise BeyondLimitError(limit)
    if process.returncode or not images:
        raise _NoPictureError(process.returncode)
    return images[0]


def _words(code: int, megapixels: int) -> str:
    """What is wrong with a picture; what to do."""
    from ostnet.media.picture import NO_HEIF, TOO_LARGE

    if code == TOO_LARGE:
        return f"is too large; give a picture of at most {megapixels} megapixels"
    if code == NO_HEIF:
        return "is a HEIC picture; install the package pillow-heif, or give a JPEG"
    return "is no picture that can be read; give a PNG, JPEG, WebP or HEIC file"
