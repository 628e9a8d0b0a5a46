"""A picture decoded by Pillow, and a program that does nothing else.

Imports little, since the program is started anew for every picture.
"""

import contextlib
import errno
import sys
from importlib import import_module
from pathlib import Path

from PIL import Image, ImageOps

from ostnet.media.colour import to_srgb
from ostnet.media.limits import LONGEST_SIDE, PICTURE_FORMATS

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""What a HEIC file calls itself in its first bytes."""

PLUGINS = ("Png", "Jpeg", "WebP", "Gif", "Bmp", "Tiff", "Jpeg2K", "Ppm", "Tga", "Ico", "Avif")
"""Of Pillow's, those that read `PICTURE_FORMATS`; all of them take as long again to load."""

NO_PICTURE, TOO_LARGE, NO_HEIF, NO_MEMORY = 1, 3, 4, 256 - errno.ENOMEM
"""What the program ends with where there is no picture; the last as ffmpeg does."""


def decoded(file: Path, megapixels: int) -> Image.Image:
    """A picture as sRGB of mode RGB, turned as its EXIF orientation says.

    Raises:
        Image.DecompressionBombError: more pixels, told from its header.
        ModuleNotFoundError: a HEIC file where pillow-heif is not installed.
        Exception: decoders of broken files raise whatever they stumble over.
    """
    _allow_heif(file)
    for plugin in PLUGINS:
        with contextlib.suppress(ImportError):  # an earlier Pillow
            import_module(f"PIL.{plugin}ImagePlugin")
    formats = [kind for kind in PICTURE_FORMATS if kind in Image.OPEN]
    with Image.open(file, formats=formats) as picture:
        too_many = picture.width * picture.height > megapixels * 1_000_000
        if too_many or max(picture.size) > LONGEST_SIDE:
            raise Image.DecompressionBombError
        return to_srgb(ImageOps.exif_transpose(picture))


def _allow_heif(file: Path) -> None:
    """Teach Pillow what phones write, where the file is such a one."""
    with file.open("rb") as content:
        head = content.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        import pillow_heif

        pillow_heif.register_heif_opener()


def why(error: Exception) -> int:
    """What the program ends with after such an error."""
    kinds = {
        Image.DecompressionBombError: TOO_LARGE,
        ModuleNotFoundError: NO_HEIF,
        MemoryError: NO_MEMORY,
    }
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), NO_PICTURE)


def main(file: str, megapixels: str) -> None:
    """Write the picture to standard output as PPM, or end with a number that says why not."""
    # Pillow refuses twice as many by itself, also in a picture that another one holds
    Image.MAX_IMAGE_PIXELS = int(megapixels) * 1_000_000 // 2
    try:
        decoded(Path(file), int(megapixels)).save(sys.stdout.buffer, "PPM")
    except Exception as error:
        sys.exit(why(error))
