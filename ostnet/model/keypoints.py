"""F_kp: the keypoint detector (paper section 3; lineage of first-order-model)."""

import torch
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.layers import Hourglass, identity_grid


def soft_argmax(logits: Tensor, temperature: float) -> Tensor:
    """Expected position under the spatial softmax: (B, K, H, W) -> (B, K, 2) in [-1, 1]."""
    height, width = logits.shape[-2:]
    # coordinates need float32: bfloat16 would round them to 1/256 of the picture
    with torch.autocast(logits.device.type, enabled=False):
        weights = (logits.float() / temperature).flatten(2).softmax(dim=-1)  # (B, K, H*W)
        grid = identity_grid(height, width, device=logits.device).reshape(-1, 2)
        return weights @ grid


def spread(points: Tensor) -> Tensor:
    """(B, K, 2) keypoints -> (B, 2): (sigma_x, sigma_y), rms distance from their centroid."""
    return (points - points.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt()


class KeypointDetector(nn.Module):
    """Unsupervised keypoints without Jacobians: (B, 3, 64, 64) in [0, 1] -> (B, K, 2)."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.temperature = config.temperature
        self.hourglass = Hourglass(
            3, config.keypoint_width, config.hourglass_blocks, config.hourglass_max_width
        )
        self.heatmaps = nn.Conv2d(
            self.hourglass.width,
            config.keypoints,
            config.mask_kernel,
            padding=config.mask_kernel // 2,
        )

    def forward(self, small: Tensor) -> Tensor:
        return soft_argmax(self.heatmaps(self.hourglass(small)), self.temperature)
