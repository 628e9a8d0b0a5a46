"""Conversion between uint8 pictures and the networks' NumPy arrays or torch tensors.

torch is imported only for tensors: some back ends work without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ostnet.errors import InputError

if TYPE_CHECKING:
    import torch


def centre_square(picture: np.ndarray, name: str) -> np.ndarray:
    """Return the centre square of a uint8 RGB picture (H, W, 3).

    Raises:
        InputError: it is no such picture; ``name`` names the input in the message.
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


def keypoint_picture(points: np.ndarray | None, side: int) -> np.ndarray:
    """Return keypoints (K, 2) as dots, uint8 (side, side, 3); without points an empty picture."""
    picture = np.full((side, side, 3), 32, np.uint8)
    radius = max(1, side // 128)
    for x, y in [] if points is None else ((points + 1) / 2 * side).round().astype(int):
        top, left = max(0, y - radius), max(0, x - radius)
        picture[top : max(0, y + radius), left : max(0, x + radius)] = 220
    return picture


def to_array(picture: np.ndarray, size: int, name: str) -> np.ndarray:
    """Return the centre square as float32 (1, 3, size, size) in [0, 1].

    Anti-aliased, by the triangle filter of Pillow, which torch uses too.
    """
    square = centre_square(picture, name)
    planes = np.ascontiguousarray(square.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
    if len(square) != size:
        shape = (size, size)
        resized = [Image.fromarray(p).resize(shape, Image.Resampling.BILINEAR) for p in planes]
        planes = np.stack([np.asarray(plane) for plane in resized]).clip(0, 1)
    return planes[None]


def to_tensor(picture: np.ndarray, size: int, device: torch.device, name: str) -> torch.Tensor:
    """Return the centre square as a tensor (1, 3, size, size) in [0, 1], anti-aliased."""
    import torch
    from torch.nn import functional

    square = np.ascontiguousarray(centre_square(picture, name))
    tensor = torch.from_numpy(square).to(device).permute(2, 0, 1)[None].float() / 255
    if len(square) != size:
        tensor = functional.interpolate(
            tensor, size=(size, size), mode="bilinear", align_corners=False, antialias=True
        ).clamp(0, 1)
    return tensor.contiguous(memory_format=torch.channels_last)


def to_picture(maps: Any) -> np.ndarray:
    """Return (1, 3, H, W) in [0, 1], an array or a tensor, as a uint8 picture (H, W, 3)."""
    if not isinstance(maps, np.ndarray):
        import torch

        levels = (maps[0].detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
        return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())
    levels = maps[0] * np.float32(255)
    np.rint(levels, out=levels)
    np.clip(levels, 0, 255, out=levels)
    picture = np.empty((*levels.shape[1:], len(levels)), np.uint8)
    for channel, plane in enumerate(levels):  # much faster than one transposition
        picture[..., channel] = plane
    return picture


def zoom(maps: Any, factors: tuple[float, float]) -> Any:
    """Make the content of (B, 3, H, W) ``factors`` = (s_x, s_y) times as large about its centre.

    This is the paper's expression-preserved augmentation, as in training; (1, 1) returns the maps.
    """
    if factors == (1, 1):
        return maps
    import torch

    from ostnet.model.scale import scale_image

    pictures = torch.from_numpy(maps) if isinstance(maps, np.ndarray) else maps
    scale = torch.tensor([factors], dtype=torch.float32, device=pictures.device)
    zoomed = scale_image(pictures, scale.expand(len(pictures), -1))
    return zoomed.numpy() if isinstance(maps, np.ndarray) else zoomed
