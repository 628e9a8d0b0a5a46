"""Drawing on pictures: the crop's square, points, the TPS grid, flow, occlusion, the mark.

Pictures are uint8 (H, W, 3); points are in [-1, 1], x right, y down, corners at pixel centres.
"""

import colorsys
import functools
import math

import numpy as np
from PIL import Image, ImageDraw

from ostnet.media.compose import BACKGROUND
from ostnet.media.crop import Crop

TEAL, RED, BLUE, AMBER = "#12b886", "#e8365d", "#2f9bff", "#ffb224"
ENLARGED = 2
"""Drawings of 256-pixel pictures are this many times as large, for thin lines."""


def crop_outline(image: np.ndarray, crop: Crop, side: int = 640) -> np.ndarray:
    """The whole picture, at most ``side`` pixels, dark outside the crop's square.

    The upper edge of a square that is turned is thick.
    """
    height, width = image.shape[:2]
    ratio = min(1, side / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    picture = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    dark = Image.blend(picture, Image.new("RGB", size, "#111113"), 0.62)
    corners = [(x * ratio, y * ratio) for x, y in _corners(crop)]
    inside = Image.new("L", size)
    ImageDraw.Draw(inside).polygon(corners, fill=255)
    dark.paste(picture, mask=inside)
    draw = ImageDraw.Draw(dark)
    draw.line([*corners, *corners[:2]], fill=TEAL, width=3, joint="curve")
    if crop.roll:
        draw.line(corners[:2], fill=TEAL, width=9)
    return np.array(dark)


def _corners(crop: Crop) -> list[tuple[float, float]]:
    """Upper left, upper right, lower right, lower left, as they lie in the picture."""
    half = crop.size / 2
    angle = math.radians(crop.roll)  # clockwise, y down
    across = np.array([math.cos(angle), math.sin(angle)]) * half
    along = np.array([-math.sin(angle), math.cos(angle)]) * half
    middle = np.array([crop.left, crop.top]) + half
    ways = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [tuple((middle + x * across + y * along).tolist()) for x, y in ways]


def points(image: np.ndarray, *layers: tuple[np.ndarray, str]) -> np.ndarray:
    """Dots on a picture, enlarged; each layer is points (N, 2) and a colour."""
    picture = _large(image)
    draw = ImageDraw.Draw(picture)
    for where, colour in layers:
        for x, y in _pixels(where, picture.size):
            draw.ellipse([x - 5, y - 5, x + 5, y + 5], fill=colour, outline="white", width=2)
    return np.array(picture)


def spline(image: np.ndarray, grid: np.ndarray, fiducials: np.ndarray, lines: int = 13):
    """The sampling grid (H, W, 2) as a net of lines on the driving picture, and its 12 points.

    The picture gets a dark margin as wide as the points that lie outside it need.
    """
    reach = 1.06 * max(1.0, float(np.abs(fiducials).max()))
    side = image.shape[0] * ENLARGED
    picture = Image.new("RGB", (side, side), BACKGROUND)
    inner = round(side / reach)
    picture.paste(Image.fromarray(image).resize((inner, inner)), ((side - inner) // 2,) * 2)
    draw = ImageDraw.Draw(picture)
    rows = np.linspace(0, len(grid) - 1, lines).round().astype(int)
    columns = np.linspace(0, grid.shape[1] - 1, lines).round().astype(int)
    for curve in [*(grid[row] for row in rows), *(grid[:, column] for column in columns)]:
        draw.line(_pixels(curve / reach, picture.size), fill=TEAL, width=2, joint="curve")
    for x, y in _pixels(fiducials / reach, picture.size):
        draw.ellipse([x - 7, y - 7, x + 7, y + 7], fill=AMBER, outline="#111113", width=2)
    return np.array(picture)


def flow_colours(displacement: np.ndarray, most: float = 0.5) -> np.ndarray:
    """Displacements (h, w, 2) as colours: hue is direction, saturation length up to ``most``."""
    x, y = displacement[..., 0], displacement[..., 1]
    hue = (np.arctan2(y, x) / (2 * np.pi)) % 1
    length = np.clip(np.hypot(x, y) / most, 0, 1)
    wheel = _hues()[(hue * 255).astype(int)]  # (h, w, 3)
    colours = 255 - length[..., None] * (255 - wheel)
    return _enlarged(colours.round().astype(np.uint8), Image.Resampling.BILINEAR)


def occlusion_map(occlusion: np.ndarray) -> np.ndarray:
    """The mask (h, w) in grey: white is taken from the portrait, black is made up."""
    grey = (occlusion.clip(0, 1) * 255).round().astype(np.uint8)
    return _enlarged(np.repeat(grey[..., None], 3, axis=2), Image.Resampling.BILINEAR)


@functools.cache
def _hues() -> np.ndarray:
    """(256, 3): fully saturated colours around the wheel."""
    wheel = [colorsys.hsv_to_rgb(step / 256, 0.9, 0.95) for step in range(256)]
    return np.array(wheel, np.float32) * 255


def _large(image: np.ndarray) -> Image.Image:
    size = (image.shape[1] * ENLARGED, image.shape[0] * ENLARGED)
    return Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)


def _enlarged(image: np.ndarray, filter_: Image.Resampling, side: int = 256) -> np.ndarray:
    return np.array(Image.fromarray(image).resize((side, side), filter_))


def _pixels(where: np.ndarray, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Points (N, 2) in [-1, 1] -> pixels of a picture of that (width, height)."""
    scaled = (np.asarray(where) + 1) / 2 * (np.array(size) - 1)
    return [(float(x), float(y)) for x, y in scaled]
