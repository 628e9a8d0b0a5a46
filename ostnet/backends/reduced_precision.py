"""Copies of a network that compute convolutions in bfloat16 or in 8 bits.

Coordinates always stay float32. In 8 bits run the generator's decoder and the refinement of the
flow: inputs are rounded to 256 values within :class:`Ranges`, kernels to 127. Up-blocks stay
float32, since 8 bits make them no faster on processors with AVX2.
"""

import copy
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ostnet.backends.digest import model_digest
from ostnet.model.layers import ResidualBlock, UpBlock, fuse_upsampling
from ostnet.model.ostnet import OSTNet
from ostnet.model.ranges import Ranges

STEPS = 255
"""Number of quantisation steps over an input's range."""

LEVELS = 63
"""Largest absolute value of a quantised kernel. Processors without VNNI add two products in
16 bits, which overflow above 64."""

BALANCE, LEAST = 0.5, 0.02
"""Before rounding, channels are divided by their relative range to the power of `BALANCE` (at least
`LEAST`) and kernels multiplied by it (SmoothQuant, arXiv 2211.10438)."""


def fuse_batchnorm(network: nn.Module) -> None:
    """Fuse batch norms of a network in evaluation mode into the kernels before them."""
    for part in list(network.modules()):
        if isinstance(part, nn.Sequential):
            for index in range(len(part) - 1):
                convolution, norm = part[index], part[index + 1]
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    part[index] = fuse_conv_bn_eval(convolution, norm)
                    part[index + 1] = nn.Identity()
        elif isinstance(part, ResidualBlock) and isinstance(part.norm2, nn.BatchNorm2d):
            part.conv1 = fuse_conv_bn_eval(part.conv1, part.norm2)
            part.add_module("norm2", nn.Identity())


class InBfloat16(nn.Module):
    """A network of convolutions in bfloat16 with float32 inputs and outputs (B, C, H, W).

    Batch norms are fused first, so that each kernel is rounded once.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network.eval()
        fuse_batchnorm(network)
        upsampling = {part.block[0] for part in network.modules() if isinstance(part, UpBlock)}
        for part in network.modules():
            if not isinstance(part, nn.Conv2d):
                continue
            # contiguous: OpenVINO 2026.4 reads bfloat16 kernels in channels_last wrongly
            kernel = part.weight.data.contiguous()
            # kernels of fused upsampling are rounded after they are summed
            part.weight.data = kernel if part in upsampling else kernel.to(torch.bfloat16)
            if part.bias is not None:
                part.bias.data = part.bias.data.to(torch.bfloat16)

    def forward(self, maps: Tensor) -> Tensor:
        """Compute the network in bfloat16 on maps (B, C, H, W)."""
        return self.network(maps.to(torch.bfloat16)).float()


def with_bfloat16_motion(model: OSTNet) -> OSTNet:
    """Return a copy whose convolutions of dense motion are bfloat16, with fused upsampling.

    Keypoints, the heads' masks, flows and samples stay float32: bfloat16 would round a coordinate
    to 1/256 of the picture.
    """
    reduced = copy.deepcopy(model)
    fuse_upsampling(reduced)
    motion = reduced.motion
    motion.add_module("hourglass", InBfloat16(motion.hourglass))
    if (refinement := motion.refinement) is not None:
        refinement.add_module("reduce", InBfloat16(refinement.reduce))
        refinement.add_module("body", InBfloat16(refinement.body))
    return reduced


def in_int8(model: OSTNet) -> dict[str, nn.Conv2d]:
    """Return the convolutions that are computed in 8 bits, by their names in the network."""
    generator, refinement = model.generator, model.motion.refinement
    parts = {
        "generator.residual": generator.residual,
        "generator.merge": generator.merge,
        "generator.head": generator.head,
    }
    if generator.encoder.first:
        parts["generator.encoder.stem"] = generator.encoder.stem
    if refinement is not None:
        parts["motion.refinement.body"] = refinement.body
        parts["motion.refinement.head"] = refinement.head
    upsampling = {part.block[0] for part in model.modules() if isinstance(part, UpBlock)}
    return {
        f"{where}.{name}".removesuffix("."): module
        for where, part in parts.items()
        for name, module in part.named_modules()
        if isinstance(module, nn.Conv2d) and module not in upsampling
    }


@torch.no_grad()
def observed(model: OSTNet, pairs: Iterable[tuple[Tensor, Tensor]], seen: str) -> Ranges:
    """Measure the ranges of a network's inputs while it animates.

    Args:
        model: in evaluation mode.
        pairs: source and driving pictures (1, 3, R, R) in [0, 1].
        seen: description of the pictures.
    """
    ends: dict[str, tuple[Tensor, Tensor]] = {}

    def watching(name: str):
        def watch(_: nn.Module, inputs: tuple[Tensor]) -> None:
            low, high = inputs[0].amin((0, 2, 3)), inputs[0].amax((0, 2, 3))  # (C,) each
            if name in ends:
                low, high = low.minimum(ends[name][0]), high.maximum(ends[name][1])
            ends[name] = low, high

        return watch

    hooks = [c.register_forward_pre_hook(watching(name)) for name, c in in_int8(model).items()]
    for source, driving in pairs:
        state = model.encode(source)
        for transform in (True, False):
            reading = model.read(state, driving, transform)
            motion = model.move(state, reading.x_rectified)
            for z in (reading.alignment.z, None):
                model.paint(state, motion, z)
    for hook in hooks:
        hook.remove()

    def rounded(end: Tensor) -> list[float]:
        return [float(f"{value:.4g}") for value in end.tolist()]

    inputs = {name: (rounded(low), rounded(high)) for name, (low, high) in ends.items()}
    return Ranges(model_digest(model), seen, inputs)


class Rounded(nn.Module):
    """A convolution (O, C, k, k) of rounded inputs with a rounded kernel.

    Args:
        convolution: with the batch norm behind it fused.
        low: least values of its input's channels (C,).
        high: greatest values (C,).
    """

    def __init__(self, convolution: nn.Conv2d, low: Tensor, high: Tensor):
        super().__init__()
        low, high = low.clamp(max=0), high.clamp(min=0)  # include the padding
        reach = torch.maximum(high, -low)
        divisor = (reach / reach.max().clamp(min=1e-8)).pow(BALANCE).clamp(min=LEAST)
        self.factor: Tensor
        self.kernel_step: Tensor
        self.zeros: Tensor
        self.register_buffer("factor", (1 / divisor)[:, None, None])
        self.kernel = nn.Parameter(convolution.weight * divisor[:, None, None], requires_grad=False)
        largest = self.kernel.abs().amax((1, 2, 3))  # (O,)
        self.register_buffer("kernel_step", (largest / LEVELS).clamp(min=1e-8))
        self.register_buffer("zeros", torch.zeros(len(largest), dtype=torch.int32))
        self.bias, self.padding = convolution.bias, convolution.padding
        least, greatest = float((low / divisor).min()), float((high / divisor).max())
        self.step = max((greatest - least) / STEPS, 1e-8)
        self.zero = round(-least / self.step)

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve: (B, C, H, W) -> (B, O, H, W)."""
        rounded = torch.fake_quantize_per_tensor_affine(
            maps * self.factor, self.step, self.zero, 0, STEPS
        )
        kernel = torch.fake_quantize_per_channel_affine(
            self.kernel, self.kernel_step, self.zeros, 0, -LEVELS, LEVELS
        )
        return F.conv2d(rounded, kernel, self.bias, padding=self.padding)


@torch.no_grad()
def with_int8(model: OSTNet) -> OSTNet:
    """Return a copy that rounds as 8 bits do, with fused upsampling.

    Raises:
        ValueError: the model has no ranges, or those of other weights.
    """
    ranges = model.ranges
    if ranges is None or ranges.weights != model_digest(model):
        found = "no ranges.json" if ranges is None else "the ranges.json of other weights"
        raise ValueError(f"found {found}; make it with ostnet calibrate")
    rounded = copy.deepcopy(model)
    for part in (rounded.generator, rounded.motion.refinement or nn.Identity()):
        fuse_batchnorm(part)
    for name, convolution in in_int8(rounded).items():
        where, _, last = name.rpartition(".")
        low, high = (torch.tensor(end) for end in ranges.inputs[name])
        setattr(rounded.get_submodule(where), last, Rounded(convolution, low, high))
    fuse_upsampling(rounded)
    return rounded
