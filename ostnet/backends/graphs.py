"""The networks cut into graphs of plain tensors, each of which runs without Python.

Cut where the animator steps in: between ``align`` and ``rectify`` the scale may be steered, between
``rectify`` and ``move`` the motion. Whatever reads a coordinate is in ``move`` or before it and
stays float32; ``paint`` holds convolutions alone and may run in bfloat16.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ostnet.backends.graph_names import LEVELS, PASSED
from ostnet.model.layers import sample
from ostnet.model.ostnet import OSTNet


@dataclass(frozen=True)
class Graph:
    """One graph, before it is written in a format."""

    module: nn.Module
    """Takes and returns tensors, in these orders."""
    inputs: dict[str, Tensor]
    """Name -> an example, which fixes the shape."""
    outputs: tuple[str, ...]

    @property
    def example(self) -> tuple[Tensor, ...]:
        """The inputs in order."""
        return tuple(self.inputs.values())


class _Part(nn.Module):
    """A function of tensors, with those parts of the networks that it uses."""

    def __init__(self, function: Callable[..., tuple[Tensor, ...]], **parts: nn.Module):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        return self.function(*tensors)


@torch.no_grad()
def cut(model: OSTNet) -> dict[str, Graph]:
    """The graphs of a model, by name, in the order in which a frame calls them.

    ============ ============================================ ==================================
    graph        inputs                                       outputs
    ============ ============================================ ==================================
    ``detect``   image                                        keypoints
    ``encode``   image                                        small, tap_2, tap_4, tap_8
    ``align``    x_source, x_driving                          z, fiducials, scale
    ``rectify``  image, fiducials                             rectified
    ``move``     image, small, x_source, x_driving, the taps  flow, occlusion, correction*,
                                                              moved_N and visible_N of each tap,
                                                              warped*
    ``paint``    moved_N and visible_N, z*, gate*             painted, mix*
    ============ ============================================ ==================================

    Those marked * are there where the network has that part. ``gate`` (1,) is 1 with the scale
    embedding, 0 without. The result is ``mix * warped + (1 - mix) * painted``, or ``painted``.
    """
    config, device = model.config, next(model.parameters()).device
    image = torch.rand(1, 3, config.resolution, config.resolution, device=device)
    source = model.encode(image)
    taps = {f"tap_{level}": tap for level, tap in zip(LEVELS, source.taps, strict=True)}
    points = {"x_source": source.keypoints, "x_driving": source.keypoints * 0.9}
    alignment = model.align(*points.values())

    graphs = {
        "detect": Graph(_detect(model), {"image": image}, ("keypoints",)),
        "encode": Graph(_encode(model), {"image": image}, ("small", *taps)),
        "align": Graph(_align(model), points, ("z", "fiducials", "scale")),
    }
    if config.with_scale_transform:
        inputs = {"image": image, "fiducials": alignment.fiducials}
        graphs["rectify"] = Graph(_rectify(model), inputs, ("rectified",))

    inputs = {"image": image, "small": source.small, **points, **taps}
    outputs = [
        *("flow", "occlusion"),
        *(["correction"] if config.refinement_width else []),
        *PASSED,
        *(["warped"] if config.mix else []),
    ]
    graphs["move"] = Graph(_move(model), inputs, tuple(outputs))

    made = dict(zip(outputs, graphs["move"].module(*inputs.values()), strict=True))
    inputs = {name: made[name] for name in PASSED}
    if config.with_scale_embedding:
        inputs |= {"z": alignment.z, "gate": torch.ones(1, device=device)}
    outputs = ("painted", "mix") if config.mix else ("painted",)
    graphs["paint"] = Graph(_paint(model), inputs, outputs)
    for graph in graphs.values():
        graph.module.eval()(*graph.example)  # constants that are made at first use
    return graphs


def _detect(model: OSTNet) -> nn.Module:
    return _Part(lambda image: (model.keypoints(image),), detector=model.detector)


def _encode(model: OSTNet) -> nn.Module:
    def encode(image: Tensor) -> tuple[Tensor, ...]:
        return model.shrink(image), *model.generator.encoder(image)

    return _Part(encode, encoder=model.generator.encoder)


def _align(model: OSTNet) -> nn.Module:
    def align(x_source: Tensor, x_driving: Tensor) -> tuple[Tensor, ...]:
        alignment = model.align(x_source, x_driving)
        return alignment.z, alignment.fiducials, alignment.scale

    # not scale=model.scale: a traced module's attribute ``code`` is its source
    return _Part(align, layers=model.scale.code, head=model.scale.head)


def _rectify(model: OSTNet) -> nn.Module:
    side = model.config.resolution  # as a constant, so that the spline's matrix is one too

    def rectify(image: Tensor, fiducials: Tensor) -> tuple[Tensor, ...]:
        return (sample(image, model.scale.grid(fiducials, side, side)),)

    return _Part(rectify, scale=model.scale)


def _move(model: OSTNet) -> nn.Module:
    def move(image, small, x_source, x_driving, *taps: Tensor) -> tuple[Tensor, ...]:
        motion = model.motion(image, small, x_source, x_driving)
        correction = () if motion.correction is None else (motion.correction,)
        passed = [tensor for pair in model.generator.warp(taps, motion) for tensor in pair]
        warped = ()
        if model.config.mix:
            warped = (sample(image, motion.at(*image.shape[-2:])[0]),)
        return motion.flow, motion.occlusion, *correction, *passed, *warped

    return _Part(move, motion=model.motion)


def _paint(model: OSTNet) -> nn.Module:
    def paint(*tensors: Tensor) -> tuple[Tensor, ...]:
        count = 2 * len(LEVELS)
        moved = list(zip(tensors[0:count:2], tensors[1:count:2], strict=True))
        painted, mix = model.generator.decode(moved, *(tensors[count:] or (None,)))
        return (painted,) if mix is None else (painted, mix)

    generator = model.generator
    parts = {"residual": generator.residual, "up": generator.up, "head": generator.head}
    parts["merge"] = generator.merge
    if model.config.with_scale_embedding:
        parts |= {"taps": generator.embed_taps, "levels": generator.embed_levels}
    return _Part(paint, **parts)
