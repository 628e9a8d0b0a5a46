"""The part of dense motion that may be computed in bfloat16: its convolutions, not coordinates."""

import copy

import torch
from torch import Tensor, nn

from ostnet.model.ostnet import OSTNet


class InBfloat16(nn.Module):
    """A network of convolutions in bfloat16 that takes and gives float32 maps (B, C, H, W)."""

    def __init__(self, network: nn.Module):
        super().__init__()
        # kernels in the plain order: OpenVINO 2026.4 reads bfloat16 ones in another order wrongly
        self.network = network.to(torch.bfloat16).to(memory_format=torch.contiguous_format)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> what the network makes of it."""
        return self.network(maps.to(torch.bfloat16)).float()


def with_reduced_motion(model: OSTNet) -> OSTNet:
    """A copy whose hourglass of dense motion, and its refinement, compute in bfloat16.

    Keypoints, the heads' masks, flows and samples stay float32: bfloat16 would round a coordinate
    to 1/256 of the picture.
    """
    reduced = copy.deepcopy(model)
    motion = reduced.motion
    motion.hourglass = InBfloat16(motion.hourglass)
    if motion.refinement is not None:
        motion.refinement.reduce = InBfloat16(motion.refinement.reduce)
        motion.refinement.body = InBfloat16(motion.refinement.body)
    return reduced
