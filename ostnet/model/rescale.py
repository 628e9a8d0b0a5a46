"""The expression-preserved augmentation (paper section 3.3): a face made larger or smaller.

One filter for training, evaluation, ``--driving-zoom`` and the page's Stress tab.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def scale_image(image: Tensor, s: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """Make the face appear s times as large: (B, 3, H, W) with s (B, 2), x first.

    Output pixel p shows the input at p / s + offset (a number or (B, 2), in [-1, 1] coordinates),
    edge pixels repeated. Bilinear where it enlarges; where it shrinks, the mean over the area
    (1 / s pixels wide) that falls on the output pixel. s = 1, offset 0 is exact.
    """
    offset = torch.as_tensor(offset, dtype=torch.float32, device=image.device).expand_as(s)
    with torch.autocast(image.device.type, enabled=False):
        across = _resampling(image.shape[-1], s[:, 0], offset[:, 0])  # (B, W, W)
        down = _resampling(image.shape[-2], s[:, 1], offset[:, 1])  # (B, H, H)
        return down[:, None] @ (image.float() @ across[:, None].mT)


def _resampling(size: int, s: Tensor, offset: Tensor) -> Tensor:
    """Row-stochastic matrices (B, size, size): output pixel = weighted mean of input pixels.

    The weight of an input pixel is the share of a box, max(1, 1 / s) pixels wide about the sampled
    position, that covers it; the outermost pixels reach out to infinity.
    """
    middle = (size - 1) / 2
    output = torch.arange(size, device=s.device) - middle
    position = output / s[:, None] + middle * (1 + offset[:, None])  # (B, size), in pixels
    width = (1 / s).clamp(min=1)[:, None, None]
    edges = torch.arange(1, size, device=s.device) - 0.5  # between neighbouring input pixels
    below = ((edges - position[..., None]) / width + 0.5).clamp(0, 1)  # (B, size, size - 1)
    return torch.diff(F.pad(F.pad(below, (1, 0), value=0.0), (0, 1), value=1.0), dim=-1)
