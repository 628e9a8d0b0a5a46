"""What bounds the files that are read; SECURITY.md lists all limits in one table."""


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

MOST_REACH = 2
"""Side of a square drawn by hand at most, in longer sides of its picture."""

PICTURE_FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "JPEG2000", "PPM", "TGA", "ICO"),
    *("AVIF", "HEIF"),
)
"""Kinds of pictures that Pillow may read. Not among them: EPS, which it would have Ghostscript
run as a program, and formats that nobody photographs in."""
