"""Between uint8 pictures and the networks' tensors."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.animation.arrays import centre_square
from ostnet.model.scale import scale_image


def to_tensor(picture: np.ndarray, size: int, device: torch.device, name: str) -> Tensor:
    """The centre square of a uint8 RGB picture (H, W, 3) -> (1, 3, size, size) in [0, 1].

    Anti-aliased. ``name`` says which input it is in the :class:`InputError` raised for anything
    but such a picture.
    """
    square = np.ascontiguousarray(centre_square(picture, name))
    tensor = torch.from_numpy(square).to(device).permute(2, 0, 1)[None].float() / 255
    if len(square) != size:
        tensor = F.interpolate(
            tensor, size=(size, size), mode="bilinear", align_corners=False, antialias=True
        ).clamp(0, 1)
    return tensor.contiguous(memory_format=torch.channels_last)


def to_picture(tensor: Tensor) -> np.ndarray:
    """(1, 3, H, W) in [0, 1] -> uint8 RGB (H, W, 3) on the CPU."""
    picture = (tensor[0].detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(picture.permute(1, 2, 0).cpu().numpy())


def zoom(picture: Tensor, factors: tuple[float, float]) -> Tensor:
    """Make the content of (B, 3, H, W) ``factors`` = (s_x, s_y) times as large about its centre.

    The paper's expression-preserved augmentation, as in training; (1, 1) returns the picture.
    """
    if factors == (1, 1):
        return picture
    scale = torch.tensor([factors], dtype=torch.float32, device=picture.device)
    return scale_image(picture, scale.expand(len(picture), -1))
