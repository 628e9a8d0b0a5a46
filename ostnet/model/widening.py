"""Widening a trained network: more channels, larger kernels, more blocks, the same picture.

A new channel is a copy of an old one, batch norm included, and the layers that read both share the
old weights between them (Net2Net, arXiv 1511.05641). The shares are random and differ from output
to output, so that the copies learn different things. Their size is that of He's initialisation.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.generator import Generator
from ostnet.model.keypoints import KeypointDetector
from ostnet.model.layers import Hourglass, ResidualBlock
from ostnet.model.motion import DenseMotion
from ostnet.model.ostnet import OSTNet

WIDER = (
    "keypoint_width",
    "motion_width",
    "hourglass_max_width",
    "mask_kernel",
    "widths",
    "residual_blocks",
)
"""Fields of the configuration that may become larger."""


@torch.no_grad()
def widen(model: OSTNet, config: ModelConfig, seed: int = 0) -> OSTNet:
    """Return a network with the ``WIDER`` fields of ``config`` that computes what ``model`` does.

    Args:
        model: the trained network; returned as it is where nothing is to become larger.
        config: its other fields are not read.
        seed: of the random shares.

    Raises:
        ValueError: a field of ``config`` is smaller than the network's; the message names it.
    """
    wanted = replace(model.config, **{name: getattr(config, name) for name in WIDER})
    if wanted == model.config:
        return model
    for name in WIDER:
        had, asked = getattr(model.config, name), getattr(wanted, name)
        least = (had, asked) if isinstance(had, tuple) else ((had,), (asked,))
        added_to_none = name == "residual_blocks" and had == 0 < asked
        if any(small > large for small, large in zip(*least, strict=True)) or added_to_none:
            raise ValueError(
                f"{name}: found {had} and {asked}, expected no smaller one of a network that grows"
            )
    wide = OSTNet(wanted).eval()
    copier = _Copier(seed)
    wide.scale.load_state_dict(model.scale.state_dict())
    copier.detector(model.detector, wide.detector)
    copier.motion(model.motion, wide.motion)
    copier.generator(model.generator, wide.generator)
    return wide


def _copies(old: int, new: int) -> Tensor:
    """Return the old channel, (new,), that each new one is a copy of."""
    return torch.arange(new) % old


def _beside(one: Tensor, other: Tensor) -> Tensor:
    """Return the same for concatenated maps; every old channel of ``one`` occurs in it."""
    return torch.cat([one, other + one.max() + 1])


class _Copier:
    """Fills wide layers from narrow ones.

    ``columns``: the old channel that each channel of a layer's input copies; None for an input that
    stays as wide as it was.
    """

    def __init__(self, seed: int):
        self.random = torch.Generator().manual_seed(seed)

    def detector(self, old: KeypointDetector, new: KeypointDetector) -> None:
        self.chain(old.heatmaps, new.heatmaps, self.hourglass(old.hourglass, new.hourglass))

    def motion(self, old: DenseMotion, new: DenseMotion) -> None:
        columns = self.hourglass(old.hourglass, new.hourglass)
        self.chain(old.mask, new.mask, columns)
        self.chain(old.occlusion, new.occlusion, columns)
        if old.refinement is not None and new.refinement is not None:
            self.chain(old.refinement.reduce, new.refinement.reduce, columns)
            new.refinement.body.load_state_dict(old.refinement.body.state_dict())
            new.refinement.head.load_state_dict(old.refinement.head.state_dict())

    def generator(self, old: Generator, new: Generator) -> None:
        taps = [self.chain(old.encoder.stem, new.encoder.stem, None)]
        for one, other in zip(old.encoder.down, new.encoder.down, strict=True):
            taps.append(self.chain(one, other, taps[-1]))
        out = self.residual(old.residual, new.residual, taps[-1])
        for index, tap in enumerate(reversed(taps[:-1])):
            out = self.chain(old.up[index], new.up[index], out)
            out = self.chain(old.merge[index], new.merge[index], _beside(out, tap))
        self.chain(old.head, new.head, out)
        for name in ("embed_taps", "embed_levels"):
            for one, other in zip(getattr(old, name, ()), getattr(new, name, ()), strict=True):
                parts = 2 if old.film else 1  # a shift and perhaps a gain of each channel
                rows = _copies(len(one.weight) // parts, len(other.weight) // parts)
                rows = _beside(rows, rows) if old.film else rows
                other.weight.copy_(one.weight[rows])
                other.bias.copy_(one.bias[rows])

    def hourglass(self, old: Hourglass, new: Hourglass) -> Tensor:
        skips = [torch.arange(next(_convolutions(old)).in_channels)]
        for one, other in zip(old.down, new.down, strict=True):
            skips.append(self.chain(one, other, skips[-1]))
        out = skips.pop()
        for one, other in zip(old.up, new.up, strict=True):
            out = _beside(self.chain(one, other, out), skips.pop())
        return out

    def residual(self, old: nn.Sequential, new: nn.Sequential, columns: Tensor) -> Tensor:
        """Fill the blocks; added ones stand before the last, read what it reads and add nothing."""
        had, wanted = len(old) - 2, len(new) - 2  # a norm and a ReLU behind them
        for place in range(wanted):
            block = new[place]
            self.chain(old[min(place, had - 1)], block, columns)
            if had - 1 <= place < wanted - 1 and isinstance(block, ResidualBlock):
                for parameter in block.conv2.parameters():
                    nn.init.zeros_(parameter)
        return self.chain(old[-2], new[-2], columns)

    def chain(self, old: nn.Module, new: nn.Module, columns: Tensor | None) -> Tensor:
        """Fill convolutions and norms that follow one another; return the last one's columns."""
        for one, other in zip(old.modules(), new.modules(), strict=True):
            if isinstance(one, nn.Conv2d) and isinstance(other, nn.Conv2d):
                columns = self.convolution(one, other, columns)
            elif isinstance(one, nn.BatchNorm2d):
                for name, value in other.state_dict().items():
                    known = one.state_dict()[name]
                    value.copy_(known[columns] if known.dim() else known)
        assert columns is not None
        return columns

    def convolution(self, old: nn.Conv2d, new: nn.Conv2d, columns: Tensor | None) -> Tensor:
        rows = _copies(old.out_channels, new.out_channels)
        columns = torch.arange(old.in_channels) if columns is None else columns
        kernel = F.pad(old.weight, 4 * [(new.kernel_size[0] - old.kernel_size[0]) // 2])
        count = torch.bincount(columns)[:, None, None]  # copies of each old channel: (I, 1, 1)
        shared = (kernel / count)[rows][:, columns]  # (O', I', k, k)
        size = old.weight.square().mean().sqrt() / count[columns].sqrt()
        noise = size * torch.randn(shared.shape, generator=self.random)
        total = torch.zeros(len(rows), *kernel.shape[1:]).index_add_(1, columns, noise)
        new.weight.copy_(shared + noise - (total / count)[:, columns])  # the noise adds up to 0
        if old.bias is not None and new.bias is not None:
            new.bias.copy_(old.bias[rows])
        return rows


def _convolutions(network: nn.Module):
    return (part for part in network.modules() if isinstance(part, nn.Conv2d))
