"""The part of dense motion that may be computed in bfloat16: its convolutions, not coordinates."""

import copy

import torch
from torch import Tensor, nn

from ostnet.backends.fuse_batchnorm import fuse_batchnorm
from ostnet.model.layers import UpBlock, fuse_upsampling
from ostnet.model.ostnet import OSTNet


class InBfloat16(nn.Module):
    """A network of convolutions in bfloat16 that takes and gives float32 maps (B, C, H, W).

    Norms are put into the kernels before, so that each kernel is rounded once.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network.eval()
        fuse_batchnorm(network)
        spread = {part.block[0] for part in network.modules() if isinstance(part, UpBlock)}
        for part in network.modules():
            if not isinstance(part, nn.Conv2d):
                continue
            # in the plain order: OpenVINO 2026.4 reads bfloat16 kernels in another one wrongly
            kernel = part.weight.data.contiguous()
            lean = part in spread  # its kernel is rounded once it is spread
            part.weight.data = kernel if lean else kernel.to(torch.bfloat16)
            if part.bias is not None:
                part.bias.data = part.bias.data.to(torch.bfloat16)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> what the network makes of it."""
        return self.network(maps.to(torch.bfloat16)).float()


def with_reduced_motion(model: OSTNet) -> OSTNet:
    """A copy whose hourglass of dense motion, and its refinement, compute in bfloat16; lean.

    Keypoints, the heads' masks, flows and samples stay float32: bfloat16 would round a coordinate
    to 1/256 of the picture.
    """
    reduced = copy.deepcopy(model)
    fuse_upsampling(reduced)
    motion = reduced.motion
    motion.hourglass = InBfloat16(motion.hourglass)
    if motion.refinement is not None:
        motion.refinement.reduce = InBfloat16(motion.refinement.reduce)
        motion.refinement.body = InBfloat16(motion.refinement.body)
    return reduced
