"""Still pictures in."""

import os

import numpy as np

from ostnet.errors import InputError
from ostnet.media.ffmpeg import existing_file
from ostnet.media.probe import SMALLEST


def read_image(path: str | os.PathLike, role: str | None = None) -> np.ndarray:
    """Read a picture as uint8 RGB (H, W, 3), turned as its EXIF orientation says.

    Transparent parts become white, grey becomes RGB, 16 bits become 8; of an animation the first
    picture is taken. `role` names the input in errors (default: the file's name). Raises
    InputError for a missing, unreadable or too small picture.
    """
    from PIL import Image, ImageOps

    file, name = existing_file(path, role)
    try:
        with Image.open(file) as picture:
            image = _to_rgb(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(f"{name}: '{file.name}' is no picture that can be read; "
                         "give a PNG, JPEG or WebP file") from error  # fmt: skip
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise InputError(f"{name}: {width}x{height} pixels is too small; "
                         f"give at least {SMALLEST} pixels a side")  # fmt: skip
    return image


def _to_rgb(picture) -> np.ndarray:
    """A Pillow picture of any mode as uint8 RGB (H, W, 3), laid on white where transparent."""
    from PIL import Image

    if picture.mode.startswith("I;16") or picture.mode == "I":  # 16-bit grey: keep the high byte
        picture = Image.fromarray((np.asarray(picture).clip(0, 65535) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.array(picture.convert("RGB"))
