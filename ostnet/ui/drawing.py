"""Drawings on pictures: the crop's square, points, the TPS grid, flow, occlusion.

Pictures are uint8 (H, W, 3); points are in [-1, 1], x right, y down, corners at pixel centres.
"""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ostnet.media.compose import BACKGROUND
from ostnet.media.crop import Crop

TEAL, RED, BLUE, AMBER = "#12b886", "#e8365d", "#2f9bff", "#ffb224"
LINES = 13
"""Lines of the sampling grid in each direction."""
ENLARGED = 2
"""Factor by which drawings of 256-pixel pictures are enlarged, for thin lines."""


def crop_outline(
    image: np.ndarray, crops: Sequence[Crop], faces: Sequence[Crop] = (), side: int = 640
) -> np.ndarray:
    """Return the whole picture, at most ``side`` pixels, dark outside the squares of ``crops``.

    A turned square has a thick upper edge. ``faces`` get boxes with their numbers, from 1.
    """
    height, width = image.shape[:2]
    ratio = min(1, side / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    picture = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    dark = Image.blend(picture, Image.new("RGB", size, "#111113"), 0.62)
    squares = [[(x * ratio, y * ratio) for x, y in _corners(crop)] for crop in crops]
    inside = Image.new("L", size)
    for corners in squares:
        ImageDraw.Draw(inside).polygon(corners, fill=255)
    dark.paste(picture, mask=inside)
    draw, font = ImageDraw.Draw(dark), ImageFont.load_default(size=max(14, side / 24))
    for crop, corners in zip(crops, squares, strict=True):
        draw.line([*corners, *corners[:2]], fill=TEAL, width=3, joint="curve")
        if crop.roll:
            draw.line(corners[:2], fill=TEAL, width=9)
    for number, face in enumerate(faces, 1):
        left, top, box = (value * ratio for value in (face.left, face.top, face.size))
        draw.rectangle([left, top, left + box, top + box], outline=AMBER, width=2)
        x, y, right, bottom = draw.textbbox((left + 5, top + 3), str(number), font=font)
        draw.rectangle([x - 5, y - 4, right + 5, bottom + 4], fill=AMBER)
        draw.text((left + 5, top + 3), str(number), font=font, fill="#111113")
    return np.array(dark)


def _corners(crop: Crop) -> list[tuple[float, float]]:
    """Return the corners in pixels, clockwise from the square's upper left."""
    half = crop.size / 2
    angle = math.radians(crop.roll)  # clockwise, y down
    across = np.array([math.cos(angle), math.sin(angle)]) * half
    along = np.array([-math.sin(angle), math.cos(angle)]) * half
    middle = np.array([crop.left, crop.top]) + half
    ways = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [tuple((middle + x * across + y * along).tolist()) for x, y in ways]


def points(image: np.ndarray, *layers: tuple[np.ndarray, str]) -> np.ndarray:
    """Return an enlarged picture with dots; each layer is points (N, 2) and a colour."""
    picture = _large(image)
    draw = ImageDraw.Draw(picture)
    for where, colour in layers:
        for x, y in _pixels(where, picture.size):
            draw.ellipse([x - 5, y - 5, x + 5, y + 5], fill=colour, outline="white", width=2)
    return np.array(picture)


def spline(image: np.ndarray, grid: np.ndarray, fiducials: np.ndarray) -> np.ndarray:
    """Return the driving picture with the sampling grid (H, W, 2) as lines, and its 12 points.

    The picture gets a dark margin where points lie outside it.
    """
    reach = 1.06 * max(1.0, float(np.abs(fiducials).max()))
    side = image.shape[0] * ENLARGED
    picture = Image.new("RGB", (side, side), BACKGROUND)
    inner = round(side / reach)
    picture.paste(Image.fromarray(image).resize((inner, inner)), ((side - inner) // 2,) * 2)
    draw = ImageDraw.Draw(picture)
    rows = np.linspace(0, len(grid) - 1, LINES).round().astype(int)
    columns = np.linspace(0, grid.shape[1] - 1, LINES).round().astype(int)
    for curve in [*(grid[row] for row in rows), *(grid[:, column] for column in columns)]:
        draw.line(_pixels(curve / reach, picture.size), fill=TEAL, width=2, joint="curve")
    for x, y in _pixels(fiducials / reach, picture.size):
        draw.ellipse([x - 7, y - 7, x + 7, y + 7], fill=AMBER, outline="#111113", width=2)
    return np.array(picture)


def flow_colours(displacement: np.ndarray) -> np.ndarray:
    """Return displacements (h, w, 2) as colours: hue is direction, saturation length up to .5."""
    x, y = displacement[..., 0], displacement[..., 1]
    hue = (np.arctan2(y, x) / (2 * np.pi)) % 1
    length = np.clip(np.hypot(x, y) / 0.5, 0, 1)
    hsv = np.stack([hue, 0.9 * length, 1 - 0.05 * length], axis=-1)  # (h, w, 3)
    return _enlarged(Image.fromarray((255 * hsv).astype(np.uint8), "HSV").convert("RGB"))


def occlusion_map(occlusion: np.ndarray) -> np.ndarray:
    """Return the mask (h, w) in grey: white comes from the portrait, black is generated."""
    grey = (occlusion.clip(0, 1) * 255).round().astype(np.uint8)
    return _enlarged(Image.fromarray(grey).convert("RGB"))


def _large(image: np.ndarray) -> Image.Image:
    size = (image.shape[1] * ENLARGED, image.shape[0] * ENLARGED)
    return Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)


def _enlarged(image: Image.Image) -> np.ndarray:
    return np.array(image.resize((256, 256), Image.Resampling.BILINEAR))


def _pixels(where: np.ndarray, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Return points (N, 2) in [-1, 1] as pixels of a picture of that (width, height)."""
    scaled = (np.asarray(where) + 1) / 2 * (np.array(size) - 1)
    return [(float(x), float(y)) for x, y in scaled]
