"""Decoding of pictures with Pillow, as a function and as a program.

A new process runs it for each portrait, so it imports little.
"""

import contextlib
import errno
import io
import sys
from importlib import import_module
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from ostnet.media.limits import LONGEST_SIDE, PICTURE_FORMATS

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands of HEIC files, in their first bytes."""

PLUGINS = ("Png", "Jpeg", "WebP", "Gif", "Bmp", "Tiff", "Jpeg2K", "Ppm", "Tga", "Ico", "Avif")
"""Pillow's plugins for `PICTURE_FORMATS`; loading all plugins would double the time."""

PROFILED = {"RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB", "CMYK": "RGB", "L": "RGB", "LAB": "RGB"}
"""Mode that a profile is applied to -> mode of the result."""

UNREADABLE, TOO_LARGE, NO_HEIF, NO_MEMORY = 1, 3, 4, 256 - errno.ENOMEM
"""Exit statuses of the program; the last is ffmpeg's."""


def decode(file: Path, megapixels: int, opacity: bool = False) -> Image.Image:
    """Decode a picture to sRGB of mode RGB, turned as its EXIF orientation says.

    With ``opacity``, the result is its alpha channel as grey instead, white where it has none.

    Raises:
        Image.DecompressionBombError: its header states more pixels.
        ModuleNotFoundError: a HEIC file, but pillow-heif is not installed.
        Exception: any other error of a decoder.
    """
    _register_heif(file)
    for plugin in PLUGINS:
        with contextlib.suppress(ImportError):  # older versions of Pillow
            import_module(f"PIL.{plugin}ImagePlugin")
    formats = [kind for kind in PICTURE_FORMATS if kind in Image.OPEN]
    with Image.open(file, formats=formats) as picture:
        too_many = picture.width * picture.height > megapixels * 1_000_000
        if too_many or max(picture.size) > LONGEST_SIDE:
            raise Image.DecompressionBombError
        picture = ImageOps.exif_transpose(picture)
        return _opacity(picture) if opacity else to_srgb(picture)


def _opacity(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return Image.new("RGB", picture.size, "white")
    return picture.convert("RGBA").getchannel("A").convert("RGB")


def _register_heif(file: Path) -> None:
    """Load Pillow's plugin for HEIC where the file needs it."""
    with file.open("rb") as content:
        head = content.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        import pillow_heif

        pillow_heif.register_heif_opener()


def to_srgb(picture: Image.Image) -> Image.Image:
    """Convert a picture of any mode to sRGB of mode RGB, with white behind transparent parts.

    The embedded profile is applied if it fits. Grey pictures of 16 and 32 bits give their upper 8.

    Raises:
        ValueError: floating-point values outside every known range.
    """
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _eight_bits(picture).convert("RGB")
    profile = picture.info.get("icc_profile")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
    elif picture.mode == "P":
        picture = picture.convert("RGB")
    if profile and picture.mode in PROFILED:
        picture = _apply_profile(picture, profile)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _apply_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply a profile; return the picture unchanged where that fails."""
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(embedded).lower():
            return picture
        srgb, mode = ImageCms.createProfile("sRGB"), PROFILED[picture.mode]
        applied = ImageCms.profileToProfile(
            *(picture, embedded, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC, mode),
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return applied or picture


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Convert grey of any depth to mode L; type and largest value determine the range."""
    import numpy as np  # imported here, since most pictures do not need it

    values = np.asarray(picture)
    if values.dtype.kind == "f":
        finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        if finite.max() <= 0 or finite.max() > 2.0**32:
            raise ValueError("its floating-point values are not grey levels")
        scale = next(most for most in (1, 255, 65535, 2.0**32) if finite.max() <= 1.5 * most)
        return Image.fromarray(np.round(finite.clip(0, scale) * (255 / scale)).astype(np.uint8))
    if values.dtype.itemsize == 4:
        wide = values.astype(np.int64)
        wide = np.where(wide < 0, wide + 2**32, wide)  # read as signed
        shift = 24 if wide.max() > 65535 else 8 if wide.max() > 255 else 0
        return Image.fromarray((wide >> shift).astype(np.uint8))
    return Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))


def exit_status(error: Exception) -> int:
    """Return the exit status that stands for an error of `decode`."""
    kinds = {
        Image.DecompressionBombError: TOO_LARGE,
        ModuleNotFoundError: NO_HEIF,
        MemoryError: NO_MEMORY,
    }
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), UNREADABLE)


def main(what: str, megapixels: str, *files: str) -> None:
    """Write the pictures to standard output as PPM; exit with `exit_status` where that fails.

    Args:
        what: "colour" or "opacity".
        megapixels: largest size.
        files: the pictures.
    """
    # Pillow refuses twice as many by itself, also in a picture inside another one
    Image.MAX_IMAGE_PIXELS = int(megapixels) * 1_000_000 // 2
    try:
        for file in files:
            picture = decode(Path(file), int(megapixels), what == "opacity")
            picture.save(sys.stdout.buffer, "PPM")
    except Exception as error:
        sys.exit(exit_status(error))
