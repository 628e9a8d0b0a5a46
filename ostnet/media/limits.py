"""Limits on the files that are read; SECURITY.md lists all of them in one table."""

import os
from dataclasses import dataclass

from ostnet.errors import InputError


class BeyondLimitError(Exception):
    """Raised for a file beyond one of the limits; the message states the limit and what to do."""


MOST_FRAME_PIXELS = 8192 * 4320
"""Pixels of a video's frame as stored: 8K. The decoder refuses more before it allocates memory."""

MOST_STRETCH = 4
"""Largest ratio of displayed to stored width of anamorphic video, and of stored to displayed."""

MOST_FRAMES = 2_000_000
"""Frames of a clip: nine hours at 60 frames per second."""

STALLED = 60.0
"""Seconds without progress after which a decoder is killed."""

LONGEST_DECODING = 120.0
"""Seconds in which a picture has to be decoded."""

LONGEST_SIDE = 99_999
"""Longest side of a picture in pixels that is accepted from a decoder."""

LONGEST_LOG = 16 << 20
"""Bytes that a decoder may write to its log."""

MOST_FILES = 64
"""Files that a decoder or encoder may have open at once."""

MOST_REACH = 2
"""Largest side of a square drawn by hand, in longer sides of its picture."""

MOST_PICTURES = 200
"""Pictures of a driving clip that one process decodes; a command line is limited, too."""

PICTURE_FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "JPEG2000", "PPM", "TGA", "ICO"),
    *("AVIF", "HEIF"),
)
"""Formats that Pillow may read. EPS is left out, since Pillow runs Ghostscript for it."""


@dataclass(frozen=True)
class DecoderLimits:
    """Limits of one decoding process, each set by an environment variable."""

    memory: int = 8192
    """Megabytes (`OSTNET_DECODER_MEMORY`); 4K H.264 on two threads takes about 500."""
    seconds: int = 14400
    """Processor time (`OSTNET_DECODER_SECONDS`); enough for a feature film."""
    megapixels: int = 178
    """Size of a picture according to its header (`OSTNET_PICTURE_MEGAPIXELS`)."""

    @classmethod
    def here(cls) -> "DecoderLimits":
        """Return the limits that the environment sets. Raises InputError for a bad value."""
        return cls(
            whole_number("OSTNET_DECODER_MEMORY", cls.memory),
            whole_number("OSTNET_DECODER_SECONDS", cls.seconds),
            whole_number("OSTNET_PICTURE_MEGAPIXELS", cls.megapixels),
        )


def whole_number(variable: str, default: int) -> int:
    """Return the value of an environment variable, or the default where it is not set.

    Raises:
        InputError: the value is not a whole number above 0.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not (text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise InputError(f"{variable}: found {text!r}, expected a whole number above 0")
    return int(text)
