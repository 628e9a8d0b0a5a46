"""What bounds the files that are read; SECURITY.md lists all limits in one table."""

import os
from dataclasses import dataclass

from ostnet.errors import InputError


class BeyondLimitError(Exception):
    """A file that goes beyond one of the limits: what is wrong; what to do."""


MOST_FRAME_PIXELS = 8192 * 4320
"""Of a video's frame as it is stored: 8K. The decoder refuses more before it allocates it."""

MOST_STRETCH = 4
"""How many times wider (or narrower) than stored a frame of anamorphic video is shown at most."""

MOST_FRAMES = 2_000_000
"""Of a clip: nine hours at 60 frames a second."""

STALLED = 60.0
"""Seconds without any progress after which a decoder is ended."""

LONGEST_DECODING = 120.0
"""Seconds in which a picture has to be decoded."""

LONGEST_SIDE = 99_999
"""Of a picture, in pixels: what a decoder's pipe is believed."""

LONGEST_LOG = 16 << 20
"""Bytes that a decoder may write beside its pictures: its complaints."""

MOST_FILES = 64
"""Files that a decoder or encoder may have open at once."""

MOST_REACH = 2
"""Side of a square drawn by hand at most, in longer sides of its picture."""

PICTURE_FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "JPEG2000", "PPM", "TGA", "ICO"),
    *("AVIF", "HEIF"),
)
"""Kinds of pictures that Pillow may read. Not among them: EPS, which it would have Ghostscript
run as a program, and formats that nobody photographs in."""


@dataclass(frozen=True)
class DecoderLimits:
    """What one decoding process may use; each by an environment variable."""

    memory: int = 8192
    """Megabytes (`OSTNET_DECODER_MEMORY`): 4K H.264 on two threads takes some 500."""
    seconds: int = 14400
    """Of processor time (`OSTNET_DECODER_SECONDS`): a film's worth."""
    megapixels: int = 178
    """Of a picture, told from its header (`OSTNET_PICTURE_MEGAPIXELS`)."""

    @classmethod
    def here(cls) -> "DecoderLimits":
        """Those of this process.

        Raises:
            InputError: a variable that is no number.
        """
        return cls(
            whole_number("OSTNET_DECODER_MEMORY", cls.memory),
            whole_number("OSTNET_DECODER_SECONDS", cls.seconds),
            whole_number("OSTNET_PICTURE_MEGAPIXELS", cls.megapixels),
        )


def whole_number(variable: str, default: int) -> int:
    """What an environment variable says.

    Raises:
        InputError: it is no whole number above 0.
    """
    said = os.environ.get(variable, "").strip()
    if not said:
        return default
    if not (said.isdecimal() and len(said) < 10 and int(said) > 0):
        raise InputError(f"{variable}: found {said!r}, expected a whole number above 0")
    return int(said)
