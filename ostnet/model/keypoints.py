"""F_kp: the keypoint detector (paper section 3; from first-order-model)."""

import torch
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.frame import spread
from ostnet.model.layers import Hourglass, Resize, identity_grid

__all__ = ["KeypointDetector", "soft_argmax", "spread"]


def soft_argmax(logits: Tensor, temperature: float) -> Tensor:
    """Return the expected positions (B, K, 2) in [-1, 1] under the softmax of (B, K, H, W)."""
    height, width = logits.shape[-2:]
    # coordinates need float32: bfloat16 would round them to 1/256 of the picture
    with torch.autocast(logits.device.type, enabled=False):
        rows = (logits.float() / temperature).permute(0, 2, 3, 1).flatten(1, 2)  # (B, H*W, K)
        grid = identity_grid(height, width, device=logits.device).reshape(-1, 2)
        return rows.softmax(dim=1).transpose(1, 2) @ grid


class KeypointDetector(nn.Module):
    """Detects keypoints, without Jacobians, in S x S pixels, S the motion resolution (64).

    With ``detector_unshuffle`` f > 1 it also sees the picture at f S x f S pixels, folded into
    channels: at 64 pixels, lids and lips are two pixels apart.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        fold = config.detector_unshuffle
        self.temperature = config.temperature
        self.shrink = Resize(config.motion_resolution)
        self.detail = None
        if fold > 1:
            side = fold * config.motion_resolution
            self.detail = nn.Sequential(Resize(side), nn.PixelUnshuffle(fold))
        self.hourglass = Hourglass(
            3 if self.detail is None else 3 + 3 * fold**2,
            config.keypoint_width,
            config.hourglass_blocks,
            config.hourglass_max_width,
        )
        self.heatmaps = nn.Conv2d(
            self.hourglass.width,
            config.keypoints,
            config.mask_kernel,
            padding=config.mask_kernel // 2,
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return keypoints (B, K, 2) in [-1, 1] of pictures (B, 3, H, W) in [0, 1] of any size."""
        seen = self.shrink(image)  # (B, 3, S, S)
        if self.detail is not None:
            seen = torch.cat([seen, self.detail(image)], dim=1)  # (B, 3 + 3 f^2, S, S)
        return soft_argmax(self.heatmaps(self.hourglass(seen)), self.temperature)
