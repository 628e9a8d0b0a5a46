"""Still pictures in."""

import os
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file
from ostnet.media.limits import PICTURE_FORMATS, DecoderLimits
from ostnet.media.probe import SMALLEST

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""What a HEIC file calls itself in its first bytes."""


def read_image(path: str | os.PathLike, role: str | None = None) -> np.ndarray:
    """Read a picture as uint8 RGB (H, W, 3), turned as its EXIF orientation says.

    Colours become sRGB, as an embedded profile means them; transparent parts become white, grey
    becomes RGB, more bits become 8; of an animation the first picture is taken. `role` names the
    input in errors (default: the file's name). Raises InputError for a missing, unreadable, too
    small or too large picture.
    """
    from PIL import Image, ImageOps

    from ostnet.media.colour import to_srgb

    file, name = existing_file(path, role)
    most = min(DecoderLimits.here().megapixels, 2 * (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000)
    try:
        _allow_heif(file, name)
        Image.init()
        formats = [kind for kind in PICTURE_FORMATS if kind in Image.OPEN]
        with Image.open(file, formats=formats) as picture:
            if picture.width * picture.height > most * 1_000_000:
                raise Image.DecompressionBombError
            image = to_srgb(ImageOps.exif_transpose(picture))
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{name}: '{file.name}' is too large; "
                         f"give a picture of at most {most} megapixels") from error  # fmt: skip
    except Exception as error:  # decoders of broken files raise whatever they stumble over
        raise InputError(f"{name}: '{file.name}' is no picture that can be read; "
                         "give a PNG, JPEG, WebP or HEIC file") from error  # fmt: skip
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise InputError(f"{name}: {width}x{height} pixels is too small; "
                         f"give at least {SMALLEST} pixels a side")  # fmt: skip
    return image


def _allow_heif(file: Path, name: str) -> None:
    """Teach Pillow what phones write, where the file is such a one."""
    with file.open("rb") as content:
        head = content.read(12)
    if head[4:8] != b"ftyp" or head[8:12] not in HEIF_BRANDS:
        return
    try:
        import pillow_heif
    except ImportError as error:
        raise InputError(f"{name}: '{file.name}' is a HEIC picture; "
                         "install the package pillow-heif, or give a JPEG") from error  # fmt: skip
    pillow_heif.register_heif_opener()
