"""Reading still pictures."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import ostnet
from ostnet.errors import InputError
from ostnet.media import picture_decoder
from ostnet.media.ffmpeg import existing_file, pictures, stop
from ostnet.media.limits import LONGEST_DECODING, BeyondLimitError, DecoderLimits
from ostnet.media.probe import check_sides
from ostnet.media.sandbox import broken_limit, read_in_time, start_decoder

PROGRAM = """
import os, sys
sys.path = sys.argv[1].split(os.pathsep)
from ostnet.media.picture_decoder import main
main(*sys.argv[2:])
"""
"""Run by an interpreter without site packages, which starts three times as fast."""


class _DecodingError(Exception):
    """Raised with an exit status of `ostnet.media.picture_decoder`."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


def read_image(
    path: str | os.PathLike, role: str | None = None, sandboxed: bool = True
) -> np.ndarray:
    """Read a picture as uint8 RGB (H, W, 3), turned as its EXIF orientation says.

    The embedded colour profile is applied. Transparent parts become white, and grey and deeper
    pictures 8-bit RGB. An animation gives its first picture.

    Args:
        path: the file.
        role: name of the input in error messages; default: the file's name.
        sandboxed: decode in a separate process with limits. False: in this one, for trusted
            pictures; it is faster.

    Raises:
        InputError: the picture is missing, unreadable, too small or too large.
    """
    file, name = existing_file(path, role)
    (image,) = read_pictures([file], name, sandboxed)
    return image


def read_opacity(path: str | os.PathLike, role: str | None = None) -> np.ndarray | None:
    """Read the alpha channel of a picture as uint8 (H, W), None where it is opaque.

    It fits the picture of `read_image`; arguments and errors are the same.
    """
    file, name = existing_file(path, role)
    (grey,) = read_pictures([file], name, what="opacity")
    return None if grey.min() == 255 else grey[..., 0]


def read_pictures(
    files: Sequence[Path], name: str, sandboxed: bool = True, what: str = "colour"
) -> Iterator[np.ndarray]:
    """Yield several pictures, decoded in one process; see `read_image`.

    Args:
        files: existing files.
        name: of the input in error messages.
        sandboxed: decode in a separate process with limits.
        what: "colour", or "opacity": the alpha channels as grey.
    """
    most, count = DecoderLimits.here().megapixels, 0
    try:
        for image in (_decode_sandboxed if sandboxed else _decode_here)(files, most, what):
            check_sides(image.shape[:2], name)
            count += 1
            yield image
    except BeyondLimitError as error:
        raise InputError(f"{name}: {error}") from error
    except _DecodingError as error:
        raise InputError(f"{name}: '{files[count].name}' {_problem(error.code, most)}") from error


def _decode_here(files: Sequence[Path], megapixels: int, what: str) -> Iterator[np.ndarray]:
    for file in files:
        try:
            image = np.array(picture_decoder.decode(file, megapixels, what == "opacity"))
        except Exception as error:  # decoders raise all kinds of errors for broken files
            raise _DecodingError(picture_decoder.exit_status(error)) from error
        yield image


def _decode_sandboxed(files: Sequence[Path], megapixels: int, what: str) -> Iterator[np.ndarray]:
    """Decode in a process with limits. Also raises BeyondLimitError."""
    places = [*map(str, sys.path), str(Path(ostnet.__file__).parents[1])]
    words = [os.pathsep.join(places), what, str(megapixels), *map(str, files)]
    with tempfile.TemporaryFile() as log:
        process = start_decoder([sys.executable, "-I", "-S", "-c", PROGRAM, *words], log)
        count = 0
        try:
            for image in read_in_time(process, pictures(process.stdout), LONGEST_DECODING):
                count += 1
                yield image
        finally:
            stop(process)
        log.seek(0)
        if limit := broken_limit(process, log.read()):
            raise BeyondLimitError(limit)
    if process.returncode or count < len(files):
        raise _DecodingError(process.returncode)


def _problem(code: int, megapixels: int) -> str:
    if code == picture_decoder.TOO_LARGE:
        return f"is too large; give a picture of at most {megapixels} megapixels"
    if code == picture_decoder.NO_HEIF:
        return "is a HEIC picture; install the package pillow-heif, or give a JPEG"
    return "is not a readable picture; give a PNG, JPEG, WebP or HEIC file"
