"""Pictures of any colour space and depth as sRGB."""

import io

from PIL import Image, ImageCms

PROFILED = {"RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB", "CMYK": "RGB", "L": "RGB", "LAB": "RGB"}
"""Modes that a profile is applied to, and what they become."""


def to_srgb(picture: Image.Image) -> Image.Image:
    """A picture of any mode as sRGB of mode RGB, laid on white where transparent.

    Its embedded profile is applied, unless it is sRGB's own or does not fit the picture. Of grey
    pictures of 16 and 32 bits the upper 8 are taken.

    Raises:
        ValueError: a picture of floating-point numbers that show nothing.
    """
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _eight_bits(picture).convert("RGB")
    profile = picture.info.get("icc_profile")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
    elif picture.mode == "P":
        picture = picture.convert("RGB")
    if profile and picture.mode in PROFILED:
        picture = _profile_applied(picture, profile)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _profile_applied(picture: Image.Image, profile: bytes) -> Image.Image:
    """The colours that the profile means; as they are where it cannot be applied."""
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(meant).lower():
            return picture
        srgb, mode = ImageCms.createProfile("sRGB"), PROFILED[picture.mode]
        applied = ImageCms.profileToProfile(
            *(picture, meant, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC, mode),
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return applied or picture


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of any depth as mode L; the range is told by the type and the largest value."""
    import numpy as np  # not before: most pictures do without, and their decoder starts sooner

    values = np.asarray(picture)
    if values.dtype.kind == "f":
        finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        if finite.max() <= 0 or finite.max() > 2.0**32:
            raise ValueError("its floating-point numbers are no shades of grey")
        scale = next(most for most in (1, 255, 65535, 2.0**32) if finite.max() <= 1.5 * most)
        return Image.fromarray(np.round(finite.clip(0, scale) * (255 / scale)).astype(np.uint8))
    if values.dtype.itemsize == 4:
        wide = values.astype(np.int64)
        wide = np.where(wide < 0, wide + 2**32, wide)  # read as signed
        shift = 24 if wide.max() > 65535 else 8 if wide.max() > 255 else 0
        return Image.fromarray((wide >> shift).astype(np.uint8))
    return Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))
