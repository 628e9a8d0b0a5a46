"""The generator's decoder, and what refines the flow, in eight bits.

Inputs of these convolutions are rounded to 256 values between the ends of :class:`Ranges`, kernels
to 127. All else stays float32, coordinates above all. So do up-blocks, which eight bits make no
faster on processors with AVX2.
"""

import copy
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.backends.digest import model_digest
from ostnet.backends.fuse_batchnorm import fuse_batchnorm
from ostnet.model.layers import UpBlock, fuse_upsampling
from ostnet.model.ostnet import OSTNet
from ostnet.model.ranges import Ranges

STEPS = 255
"""Of an input, from one end of its range to the other."""

LEVELS = 63
"""Of a kernel, on either side of 0. Processors without VNNI add two products in 16 bits, which
overflow above 64."""

BALANCE, LEAST = 0.5, 0.02
"""Channels are divided by their range to this power, of the widest at least `LEAST`, before they
are rounded; kernels are multiplied by it (SmoothQuant, arXiv 2211.10438)."""


def in_int8(model: OSTNet) -> dict[str, nn.Conv2d]:
    """The convolutions that are to be computed in eight bits, by their names in the network."""
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
    lean = {part.block[0] for part in model.modules() if isinstance(part, UpBlock)}
    return {
        f"{where}.{name}".removesuffix("."): module
        for where, part in parts.items()
        for name, module in part.named_modules()
        if isinstance(module, nn.Conv2d) and module not in lean
    }


@torch.no_grad()
def observed(model: OSTNet, pairs: Iterable[tuple[Tensor, Tensor]], seen: str) -> Ranges:
    """Watch a network animate.

    Args:
        model: in evaluation mode.
        pairs: source and driving pictures (1, 3, R, R) in [0, 1].
        seen: what they show, for reading.
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
    inputs = {
        name: tuple([float(f"{value:.4g}") for value in end.tolist()] for end in pair)
        for name, pair in ends.items()
    }
    return Ranges(model_digest(model), seen, inputs)


class Rounded(nn.Module):
    """A convolution (O, C, k, k) of rounded inputs with a rounded kernel.

    Args:
        convolution: as it is, with whatever followed it joined.
        low: least values of its input's channels (C,).
        high: greatest ones (C,).
    """

    def __init__(self, convolution: nn.Conv2d, low: Tensor, high: Tensor):
        super().__init__()
        low, high = low.clamp(max=0), high.clamp(min=0)  # what pads it is within
        reach = torch.maximum(high, -low)
        divisor = (reach / reach.max().clamp(min=1e-8)).pow(BALANCE).clamp(min=LEAST)
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
        """(B, C, H, W) -> (B, O, H, W)."""
        rounded = torch.fake_quantize_per_tensor_affine(
            maps * self.factor, self.step, self.zero, 0, STEPS
        )
        kernel = torch.fake_quantize_per_channel_affine(
            self.kernel, self.kernel_step, self.zeros, 0, -LEVELS, LEVELS
        )
        return F.conv2d(rounded, kernel, self.bias, padding=self.padding)


@torch.no_grad()
def with_int8(model: OSTNet) -> OSTNet:
    """A copy that computes as eight bits would; lean.

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
