"""Dense motion: from sparse keypoints to a flow and an occlusion map (first-order-model)."""

import torch
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.layers import Hourglass, identity_grid, sample

HEATMAP_VARIANCE = 0.01
"""Variance of the Gaussian drawn at each keypoint, in units of [-1, 1] coordinates."""


def gaussian_maps(keypoints: Tensor, height: int, width: int) -> Tensor:
    """A Gaussian at each keypoint: (B, K, 2) -> (B, K, H, W), peak 1."""
    grid = identity_grid(height, width, device=keypoints.device)
    distance = (grid - keypoints[:, :, None, None]).square().sum(-1)
    return torch.exp(-0.5 * distance / HEATMAP_VARIANCE)


def candidate_flows(x_source: Tensor, x_driving: Tensor, height: int, width: int) -> Tensor:
    """Where each output pixel comes from if it follows keypoint k: (B, K + 1, H, W, 2).

    Candidate 0 is the identity (background); candidate k is p - x_driving_k + x_source_k.
    """
    grid = identity_grid(height, width, device=x_source.device)
    shift = (x_source - x_driving)[:, :, None, None]  # (B, K, 1, 1, 2)
    still = grid.expand(len(shift), 1, -1, -1, -1)
    return torch.cat([still, grid + shift], dim=1)


class DenseMotion(nn.Module):
    """(small source, x_S, x_D^) -> flow (B, h, w, 2) and occlusion (B, 1, h, w) in [0, 1]."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        candidates = config.keypoints + 1
        self.hourglass = Hourglass(
            4 * candidates,
            config.motion_width,
            config.hourglass_blocks,
            config.hourglass_max_width,
        )
        kernel, padding = config.mask_kernel, config.mask_kernel // 2
        self.mask = nn.Conv2d(self.hourglass.width, candidates, kernel, padding=padding)
        self.occlusion = nn.Conv2d(self.hourglass.width, 1, kernel, padding=padding)

    def forward(self, small: Tensor, x_source: Tensor, x_driving: Tensor) -> tuple[Tensor, Tensor]:
        height, width = small.shape[-2:]
        with torch.autocast(small.device.type, enabled=False):
            x_source, x_driving = x_source.float(), x_driving.float()
            flows = candidate_flows(x_source, x_driving, height, width)  # (B, K+1, h, w, 2)
            moved = gaussian_maps(x_driving, height, width) - gaussian_maps(x_source, height, width)
            heat = torch.cat([torch.zeros_like(moved[:, :1]), moved], dim=1)  # (B, K+1, h, w)
            batch, candidates = heat.shape[:2]
            copies = small.float().repeat_interleave(candidates, dim=0)
            warped = sample(copies, flows.flatten(0, 1))  # (B*(K+1), 3, h, w)
            hints = torch.cat([heat[:, :, None], warped.unflatten(0, (batch, candidates))], dim=2)
        features = self.hourglass(hints.flatten(1, 2))
        with torch.autocast(small.device.type, enabled=False):
            weights = self.mask(features.float()).softmax(dim=1)  # (B, K+1, h, w)
            flow = (weights[..., None] * flows).sum(dim=1)  # (B, h, w, 2)
            occlusion = self.occlusion(features.float()).sigmoid()
        return flow, occlusion
