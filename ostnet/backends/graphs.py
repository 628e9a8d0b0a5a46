"""The networks cut into graphs of plain tensors, which run without Python.

The cuts are where the animator changes values: scale between ``align`` and ``rectify``, motion
between ``rectify`` and ``move``. Coordinates end with ``move`` and stay float32; ``paint`` has only
convolutions and may run in bfloat16.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ostnet.model.frame import Source
from ostnet.model.generator import WarpedSource
from ostnet.model.layers import sample
from ostnet.model.ostnet import OSTNet

LEVELS = (2, 4, 8)
"""Sizes of the taps, as divisors of the picture's."""


@dataclass(frozen=True)
class Graph:
    """One graph, independent of the file format."""

    module: nn.Module
    """Takes and returns tensors in the order of inputs and outputs."""
    inputs: dict[str, Tensor]
    """Name -> an example of this shape."""
    outputs: tuple[str, ...]

    @property
    def example(self) -> tuple[Tensor, ...]:
        """Examples of the inputs, in order."""
        return tuple(self.inputs.values())


class _Part(nn.Module):
    """A function of tensors, with the networks that it uses."""

    def __init__(self, function: Callable[..., tuple[Tensor, ...]], **parts: nn.Module):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        return self.function(*tensors)


@torch.no_grad()
def cut(model: OSTNet) -> dict[str, Graph]:
    """Return the graphs of a model by name, in the order in which a frame calls them.

    ============ ============================================ ==================================
    graph        inputs                                       outputs
    ============ ============================================ ==================================
    ``detect``   image                                        keypoints
    ``encode``   image, canvas*                               small, medium*, tap_N of each tap
    ``align``    x_source, x_driving                          z, fiducials, scale
    ``rectify``  image, fiducials                             rectified
    ``move``     image or canvas, bounds*, x_source,          flow, occlusion, visible_2,
                 x_driving, small, medium*, the taps          visible_4, visible_8, moved_N of
                                                              each tap, warped*, inside*
    ``paint``    visible_N, moved_N, warped*, inside*, z*,    image, painted*, mix*
                 gate*
    ============ ============================================ ==================================

    Those marked * exist where the network has that part. N is a tap's size as a divisor of the
    picture's: 2, 4 and 8, or only 4 and 8. ``gate`` (1,) is 1 with the scale embedding, 0 without.
    ``image`` is the result. A network whose ``reach`` is above 1 takes the canvas, and its bounds
    where it paints beyond the picture.
    """
    config, device = model.config, next(model.parameters()).device
    image = torch.rand(1, 3, config.resolution, config.resolution, device=device)
    source = model.encode(image)
    levels = LEVELS[-len(source.taps) :]
    taps = {f"tap_{level}": tap for level, tap in zip(levels, source.taps, strict=True)}
    given = {"small": source.small, "medium": source.medium, **taps}
    given = {name: tensor for name, tensor in given.items() if tensor is not None}
    points = {"x_source": source.keypoints, "x_driving": source.keypoints * 0.9}
    alignment = model.align(*points.values())

    whole = {"image": image} if source.canvas is None else {"canvas": source.canvas}
    graphs = {
        "detect": Graph(_detect(model), {"image": image}, ("keypoints",)),
        "encode": Graph(_encode(model), {"image": image, **whole}, tuple(given)),
        "align": Graph(_align(model), points, ("z", "fiducials", "scale")),
    }
    if config.with_scale_transform:
        inputs = {"image": image, "fiducials": alignment.fiducials}
        graphs["rectify"] = Graph(_rectify(model), inputs, ("rectified",))

    if config.takes_bounds:
        whole["bounds"] = torch.tensor([[-1.0, -1.0, 1.0, 1.0]], device=device)
    inputs = {**whole, **points, **given}
    passed = [f"visible_{level}" for level in LEVELS] + [f"moved_{level}" for level in levels]
    passed += ["warped"] if config.moves_picture else []
    passed += ["inside"] if config.mix and config.outside == "painted" else []
    outputs = ("flow", "occlusion", *passed)
    graphs["move"] = Graph(_move(model, tuple(inputs)), inputs, outputs)

    made = dict(zip(outputs, graphs["move"].module(*inputs.values()), strict=True))
    inputs = {name: made[name] for name in passed}
    if config.with_scale_embedding:
        inputs |= {"z": alignment.z, "gate": torch.ones(1, device=device)}
    outputs = ("image", "painted", "mix") if config.mix else ("image",)
    graphs["paint"] = Graph(_paint(model, tuple(inputs)), inputs, outputs)
    for graph in graphs.values():
        graph.module.eval()(*graph.example)  # makes the constants that a first call creates
    return graphs


def _detect(model: OSTNet) -> nn.Module:
    return _Part(lambda image: (model.keypoints(image),), detector=model.detector)


def _encode(model: OSTNet) -> nn.Module:
    def encode(image: Tensor, canvas: Tensor | None = None) -> tuple[Tensor, ...]:
        source = model.encoded(image, image, canvas)  # ``detect`` computes its keypoints
        medium = source.medium
        if medium is image:  # torch before 2.12 names an output that is an input differently
            medium = image.clamp(0, 1)  # changes nothing
        return source.small, *(() if medium is None else (medium,)), *source.taps

    return _Part(encode, encoder=model.generator.encoder)


def _align(model: OSTNet) -> nn.Module:
    def align(x_source: Tensor, x_driving: Tensor) -> tuple[Tensor, ...]:
        alignment = model.align(x_source, x_driving)
        return alignment.z, alignment.fiducials, alignment.scale

    # not scale=model.scale: a traced module's attribute ``code`` is its source
    return _Part(align, layers=model.scale.code, head=model.scale.head)


def _rectify(model: OSTNet) -> nn.Module:
    side = model.config.resolution  # a constant, so that the spline's matrix is constant too

    def rectify(image: Tensor, fiducials: Tensor) -> tuple[Tensor, ...]:
        return (sample(image, model.scale.grid(fiducials, side, side)),)

    return _Part(rectify, scale=model.scale)


def _move(model: OSTNet, names: tuple[str, ...]) -> nn.Module:
    square = torch.empty(1, 3, model.config.resolution, model.config.resolution)

    def move(*tensors: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(names, tensors, strict=True))
        taps = [given[name] for name in names if name.startswith("tap_")]
        small, medium = given["small"], given.get("medium")
        image, canvas, bounds = given.get("image", square), given.get("canvas"), given.get("bounds")
        source = Source(image, small, medium, given["x_source"], taps, canvas, bounds)
        motion = model.move(source, given["x_driving"])
        moved = model.generator.warp(source, motion)
        rest = [one for one in (moved.picture, moved.inside) if one is not None]
        return motion.flow, motion.occlusion, *moved.visible, *moved.taps, *rest

    return _Part(move, motion=model.motion)


def _paint(model: OSTNet, names: tuple[str, ...]) -> nn.Module:
    def paint(*tensors: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(names, tensors, strict=True))
        taps, visible = (
            [tensor for name, tensor in given.items() if name.startswith(kind)]
            for kind in ("moved_", "visible_")
        )
        moved = WarpedSource(taps, visible, given.get("warped"), given.get("inside"))
        painted, mix = model.generator.decode(moved, given.get("z"), given.get("gate"))
        if mix is None or moved.picture is None:
            return (painted,)
        return painted + mix * (moved.picture - painted), painted, mix

    generator = model.generator
    parts = {"residual": generator.residual, "up": generator.up, "head": generator.head}
    parts["merge"] = generator.merge
    if model.config.first_tap == "picture":
        parts["stem"] = generator.encoder.stem
        if generator.encoder.project is not None:
            parts["project"] = generator.encoder.project
    if model.config.with_scale_embedding:
        parts |= {"taps": generator.embed_taps, "levels": generator.embed_levels}
    return _Part(paint, **parts)
