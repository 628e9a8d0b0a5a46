"""Between uint8 pictures and NumPy arrays, for back ends without torch: see ``pictures``."""

import numpy as np
from PIL import Image

from ostnet.errors import InputError


def centre_square(picture: np.ndarray, name: str) -> np.ndarray:
    """The centre square of a uint8 RGB picture (H, W, 3).

    Raises:
        InputError: it is no such picture; ``name`` says which input it is.
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
        raise InputError(
            f"{name}: expected a uint8 RGB picture of shape (H, W, 3), "
            f"found {picture.dtype} {tuple(picture.shape)}"
        )
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def to_array(picture: np.ndarray, size: int, name: str) -> np.ndarray:
    """The centre square of a uint8 RGB picture (H, W, 3) -> float32 (1, 3, size, size) in [0, 1].

    Anti-aliased, by the triangle filter that torch has taken from Pillow.
    """
    square = centre_square(picture, name)
    planes = np.ascontiguousarray(square.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
    if len(square) != size:
        shape = (size, size)
        resized = [Image.fromarray(p).resize(shape, Image.Resampling.BILINEAR) for p in planes]
        planes = np.stack([np.asarray(plane) for plane in resized]).clip(0, 1)
    return planes[None]


def to_picture(array: np.ndarray) -> np.ndarray:
    """(1, 3, H, W) in [0, 1] -> uint8 RGB (H, W, 3)."""
    levels = array[0] * np.float32(255)
    np.rint(levels, out=levels)
    np.clip(levels, 0, 255, out=levels)
    picture = np.empty((*levels.shape[1:], len(levels)), np.uint8)
    for channel, plane in enumerate(levels):  # much faster than to transpose all at once
        picture[..., channel] = plane
    return picture


def zoom(picture: np.ndarray, factors: tuple[float, float]) -> np.ndarray:
    """Make the content of (1, 3, H, W) ``factors`` times as large; (1, 1) returns the picture.

    The one thing here that torch computes: the same filter as in training, for stress tests.
    """
    if factors == (1, 1):
        return picture
    import torch

    from ostnet.animation import pictures

    return pictures.zoom(torch.from_numpy(picture), factors).numpy()
