"""Norms put into the kernels of the convolutions before them, so that a kernel is rounded once."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ostnet.model.layers import ResidualBlock


def fuse_batchnorm(network: nn.Module) -> None:
    """Change a network in evaluation mode, which computes the same as before."""
    for part in list(network.modules()):
        if isinstance(part, nn.Sequential):
            for index in range(len(part) - 1):
                convolution, norm = part[index], part[index + 1]
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    part[index] = fuse_conv_bn_eval(convolution, norm)
                    part[index + 1] = nn.Identity()
        elif isinstance(part, ResidualBlock) and isinstance(part.norm2, nn.BatchNorm2d):
            part.conv1 = fuse_conv_bn_eval(part.conv1, part.norm2)
            part.norm2 = nn.Identity()
