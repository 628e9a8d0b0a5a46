"""Growing a trained network into a larger one, to train it further.

A grown network computes the same picture at first: new keypoints begin as copies of a neighbour,
new channels of input and output at zero, and new inner channels as copies that share the old
weights (Net2Net, arXiv 1511.05641). The shares are random and differ from output to output, so that
the copies learn different things; their size is that of He's initialisation.
"""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.config import GAINS, ModelConfig
from ostnet.landmarks import keypoint_parents
from ostnet.model.generator import Generator
from ostnet.model.keypoints import KeypointDetector
from ostnet.model.layers import Hourglass, ResidualBlock
from ostnet.model.motion import DenseMotion
from ostnet.model.ostnet import OSTNet

SAME = (
    "first_tap",
    "full_width",
    "hourglass_blocks",
    "merge",
    "motion_resolution",
    "temperature",
)
"""Fields of the configuration that cannot change without changing what the network computes."""

WIDER = (
    "keypoint_width",
    "motion_width",
    "hourglass_max_width",
    "mask_kernel",
    "widths",
    "residual_blocks",
)
"""Fields of the configuration that may become larger."""

MIX_CLOSED = -16.0  # bias that keeps the warped source out of the result at first: a share of 1e-7


@torch.no_grad()
def grow(model: OSTNet, config: ModelConfig) -> OSTNet:
    """Return a network of ``config`` that computes what ``model`` does.

    ``config`` may have wider layers, larger mask kernels, more residual blocks, more keypoints
    (from 15), a larger detector input, keypoints without a warped hint, the refinement, FiLM, and
    mixing with the warped source. Expression gains stay the network's own. Turning candidates are
    the exception: they change the picture where the head rolls.

    Raises:
        ValueError: another difference; the message names the field or the tensor.
    """
    for name in SAME:
        had, wanted = getattr(model.config, name), getattr(config, name)
        if had != wanted:
            raise ValueError(
                f"{name}: found {had} and {wanted}, expected the same of a network that grows"
            )
    model = widen(model, config)
    gains = {name: getattr(model.config, name) for name in GAINS}
    config = replace(config, **gains)
    grown = OSTNet(config).eval()
    old, new = model.state_dict(), grown.state_dict()
    known, count = model.config.keypoints, config.keypoints
    origin = torch.tensor(keypoint_parents(known, count))
    shares = torch.bincount(origin, minlength=known)  # how many keypoints start from each
    changed = {
        "detector.heatmaps.weight": lambda t: t[origin],
        "detector.heatmaps.bias": lambda t: t[origin],
        "motion.mask.weight": lambda t: torch.cat([t[:1], t[1:][origin]]),
        "motion.mask.bias": lambda t: torch.cat(
            [t[:1], t[1:][origin] - shares[origin].float().log()]
        ),
        "scale.code.0.weight": lambda t: _widen_scale_code(t, known, count),
    }
    for name, value in new.items():
        if name not in old:
            continue  # new parts contribute nothing by their own initialisation
        found = changed[name](old[name]) if name in changed and known != count else old[name]
        if name.startswith("generator.embed_") and value.shape != found.shape:
            found = _pad(found, value.shape)  # FiLM's gains
        elif name.startswith("generator.head.") and value.shape[:1] != found.shape[:1]:
            found = _pad(found, value.shape)
            if name.endswith("bias"):
                found[len(old[name]) :] = MIX_CLOSED
        elif value.dim() == 4 and value.shape[1] > found.shape[1]:
            found = _widen_input(found, value.shape, name, model.config, config)
        if value.shape != found.shape:
            raise ValueError(
                f"{name}: grows from {tuple(old[name].shape)} to {tuple(value.shape)}, which "
                "cannot be done without changing what the network computes"
            )
        value.copy_(found)
    return grown


def _pad(tensor: Tensor, shape: torch.Size) -> Tensor:
    """Return the tensor in the first corner of zeros of a larger shape."""
    padded = tensor.new_zeros(shape)
    padded[tuple(slice(0, side) for side in tensor.shape)] = tensor
    return padded


def _widen_input(
    kernel: Tensor, shape: torch.Size, name: str, old: ModelConfig, new: ModelConfig
) -> Tensor:
    """Return a kernel that ignores new input channels.

    They come last wherever the hourglass's input is read. In dense motion they would lie among the
    others if new keypoints had warped hints too.
    """
    if name.startswith("motion.") and old.keypoints != new.keypoints:
        hints = new.keypoints if new.warped_hints is None else new.warped_hints
        if hints != old.keypoints or old.warped_hints not in (None, old.keypoints):
            raise ValueError(
                f"warped_hints: found {hints}, expected {old.keypoints}, those of the network "
                "that grows"
            )
    return _pad(kernel, shape)


def _widen_scale_code(weight: Tensor, known: int, count: int) -> Tensor:
    """Return the first layer of T_theta (hidden, 8 K) for more keypoints.

    It reads x_S, x_D, d_S, d_D. New points move the centroid of the distance vectors d: subtracting
    the mean over the known ones restores d about their own centroid.
    """
    parts = weight.view(len(weight), 4, known, 2).clone()
    distances = parts[:, 2:]
    parts[:, 2:] = distances - distances.mean(dim=2, keepdim=True)
    grown = weight.new_zeros(len(weight), 4, count, 2)
    grown[:, :, :known] = parts
    return grown.flatten(1)


def open_mix(model: OSTNet, share: float = 0.3) -> None:
    """Set the share of the warped source in the result, everywhere, as a start for learning."""
    layer = model.generator.head[-1 if model.config.full_width else 0]
    assert isinstance(layer, nn.Conv2d) and layer.bias is not None
    with torch.no_grad():
        layer.bias[-(1 if model.config.full_width else 4) :] = math.log(share / (1 - share))


@torch.no_grad()
def widen(model: OSTNet, config: ModelConfig, seed: int = 0) -> OSTNet:
    """Return a network with the ``WIDER`` fields of ``config`` that computes what ``model`` does.

    ``seed``: of the random shares.

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
        if old.encoder.project is not None and new.encoder.project is not None:
            for level, pair in enumerate(
                zip(old.encoder.project, new.encoder.project, strict=True)
            ):
                taps[level] = self.chain(*pair, taps[level])
        out = self.residual(old.residual, new.residual, taps[-1])
        for index, tap in enumerate(reversed(taps[:-1])):
            out = self.chain(old.up[index], new.up[index], out)
            seen = out if old.adds else _beside(out, tap)  # tap and level copy the same channels
            out = self.chain(old.merge[index], new.merge[index], seen)
        self.chain(old.head, new.head, out)
        for name in ("embed_taps", "embed_levels"):
            for one, other in zip(getattr(old, name, ()), getattr(new, name, ()), strict=True):
                parts = 2 if old.film else 1  # a shift and perhaps a gain of each channel
                rows = _copies(len(one.weight) // parts, len(other.weight) // parts)
                rows = _beside(rows, rows) if old.film else rows
                other.weight.copy_(one.weight[rows])
                other.bias.copy_(one.bias[rows])

    def hourglass(self, old: Hourglass, new: Hourglass) -> Tensor:
        first = next(part for part in old.modules() if isinstance(part, nn.Conv2d))
        skips = [torch.arange(first.in_channels)]
        for one, other in zip(old.down, new.down, strict=True):
            skips.append(self.chain(one, other, skips[-1]))
        out = skips.pop()
        for one, other in zip(old.up, new.up, strict=True):
            out = _beside(self.chain(one, other, out), skips.pop())
        return out

    def residual(self, old: nn.Sequential, new: nn.Sequential, columns: Tensor) -> Tensor:
        """Fill the blocks; added ones come before the last, have its input and add nothing."""
        had, wanted = len(old) - 2, len(new) - 2  # the last two are a norm and a ReLU
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
