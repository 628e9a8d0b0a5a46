"""Pruning a trained network to a cheaper one, which then learns to compute the same (distillation).

Of each layer's channels those are kept that the next layers use most (L1 norm of their kernels, Li
et al., arXiv 1608.08710, times the batch norm's gain).
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.ostnet import OSTNet

Module = Any
"""A network whose parts are read by name or number, which torch's own types do not know."""


@torch.no_grad()
def prune(model: OSTNet, config: ModelConfig) -> OSTNet:
    """Return the network with at most the parts and widths of ``config``.

    Residual blocks, largest tap, merges, warped hints, and the widths of generator, refinement and
    dense motion's hourglass become those of ``config`` where that is cheaper. Nothing else changes.

    Raises:
        ValueError: narrower widths for a generator that concatenates, or with ``full_width``.
    """
    model = _without_blocks(model, config)
    if config.merge == "add" and model.config.merge == "concat":
        model = _with_added_taps(model)
    had = model.config
    wanted = replace(had, widths=tuple(map(min, had.widths, config.widths)))
    if _hints(config) < _hints(had):
        wanted = replace(wanted, warped_hints=_hints(config))
    if 0 < config.refinement_width < had.refinement_width:
        wanted = replace(wanted, refinement_width=config.refinement_width)
    if _widest(config) < _widest(had):
        wanted = replace(wanted, motion_max_width=_widest(config))
    if wanted == had:
        return model
    if wanted.widths != had.widths and (had.merge != "add" or had.full_width):
        raise ValueError(
            f"widths: found {wanted.widths}, expected no narrower than {had.widths} of a network "
            "with merge concat or full_width"
        )
    narrow = OSTNet(wanted).eval()
    narrow.detector.load_state_dict(model.detector.state_dict())
    narrow.scale.load_state_dict(model.scale.state_dict())
    if wanted.widths == had.widths:
        narrow.generator.load_state_dict(model.generator.state_dict())
    else:
        _narrow_generator(model.generator, narrow.generator, wanted)
    _narrow_motion(model.motion, narrow.motion)
    return narrow


def _hints(config: ModelConfig) -> int:
    return config.keypoints if config.warped_hints is None else config.warped_hints


def _widest(config: ModelConfig) -> int:
    return config.motion_max_width or config.hourglass_max_width


def _without_blocks(model: OSTNet, config: ModelConfig) -> OSTNet:
    """Return the network with fewer residual blocks and, if ``config`` has it, the picture tap.

    Of the residual blocks, each of which adds to its input, the first and last ones stay.
    """
    had = model.config.residual_blocks
    count = min(had, config.residual_blocks)
    wanted = replace(model.config, residual_blocks=count)
    if config.first_tap == "picture":
        wanted = replace(wanted, first_tap="picture")
    smaller = OSTNet(wanted).eval()
    first = (count + 1) // 2
    kept = [*range(first), *range(had - count + first, had), had]  # and the norm behind them
    old, prefix = model.state_dict(), "generator.residual."
    for name, value in smaller.state_dict().items():
        if name.startswith(prefix):
            place, rest = name.removeprefix(prefix).split(".", 1)
            name = f"{prefix}{kept[int(place)]}.{rest}"
        value.copy_(old[name])
    return smaller


def _with_added_taps(model: OSTNet) -> OSTNet:
    """Return the network with ``merge`` add.

    The part of a merge's kernel that reads the tap becomes the encoder's mapping of that tap. Where
    the motion is smooth and the gain of z the same for all channels, the picture stays the same,
    but for a kernel of 3 x 3 that becomes one of 1 x 1.
    """
    added = OSTNet(replace(model.config, merge="add")).eval()
    known = model.state_dict()
    old: Module = model.generator
    new: Module = added.generator
    added.load_state_dict({k: v for k, v in known.items() if ".merge." not in k}, strict=False)
    project = new.encoder.project
    for place, level in enumerate((1, 0)):
        (convolution, norm, _), merge = old.merge[place], new.merge[place]
        width = convolution.out_channels
        gain = norm.weight * (norm.running_var + norm.eps).rsqrt()
        mapping = gain[:, None, None, None] * convolution.weight[:, width:]  # (O, I, 3, 3)
        merge[0].weight.copy_(convolution.weight[:, :width])
        merge[1].load_state_dict(norm.state_dict())
        total = mapping.sum(dim=(2, 3))  # (O, I)
        small = project[level].kernel_size == (1, 1)
        project[level].weight.copy_(total[..., None, None] if small else mapping)
        project[level].bias.zero_()
        if hasattr(new, "embed_taps"):
            share = mapping.abs().sum(dim=(2, 3))
            maps = [total, share / share.sum(dim=1, keepdim=True)]  # of offsets, of gains
            old_layer, layer = old.embed_taps[level], new.embed_taps[level]
            for name in ("weight", "bias"):
                parts = getattr(old_layer, name).split(width)
                rows = [one @ part for one, part in zip(maps, parts, strict=False)]
                getattr(layer, name).copy_(torch.cat(rows))
    return added


def _narrow_generator(old: Module, new: Module, config: ModelConfig) -> None:
    half, quarter, eighth = config.widths
    encoder, project, blocks = old.encoder, old.encoder.project, old.residual[:-2]
    narrow = new.encoder
    h = _most_used(half, [encoder.down[0], project[0]], encoder.stem)
    q = _most_used(quarter, [encoder.down[1], project[1]], encoder.down[0])
    e = _most_used(eighth, [*(block.conv1 for block in blocks), old.up[0]], encoder.down[1])
    up_1 = _most_used(quarter, [old.merge[0]], old.up[0])
    level_1 = _most_used(quarter, [old.up[1]], old.merge[0])
    up_0 = _most_used(half, [old.merge[1]], old.up[1])
    level_0 = _most_used(half, [old.head], old.merge[1])

    _fill(encoder.stem, narrow.stem, h)
    _fill(encoder.down[0], narrow.down[0], q, h)
    _fill(encoder.down[1], narrow.down[1], e, q)
    _fill(project[0], narrow.project[0], level_0, h)
    _fill(project[1], narrow.project[1], level_1, q)
    for block, smaller in zip(blocks, new.residual[:-2], strict=True):
        inner = _most_used(eighth, [block.conv2], block.norm2)
        for name, rows, columns in (
            ("norm1", e, None),
            ("conv1", inner, e),
            ("norm2", inner, None),
            ("conv2", e, inner),
        ):
            _fill(getattr(block, name), getattr(smaller, name), rows, columns)
    _fill(old.residual[-2], new.residual[-2], e)
    _fill(old.up[0], new.up[0], up_1, e)
    _fill(old.merge[0], new.merge[0], level_1, up_1)
    _fill(old.up[1], new.up[1], up_0, level_1)
    _fill(old.merge[1], new.merge[1], level_0, up_0)
    _fill(old.head, new.head, None, level_0)
    for name in ("embed_taps", "embed_levels"):
        layers = zip(getattr(old, name, ()), getattr(new, name, ()), strict=True)
        for (one, other), rows in zip(layers, (level_0, level_1, e), strict=False):
            width = len(one.weight) // (2 if old.film else 1)
            both = torch.cat([rows, rows + width]) if old.film else rows
            other.weight.copy_(one.weight[both])
            other.bias.copy_(one.bias[both])


def _narrow_motion(old: Module, new: Module) -> None:
    """Fill dense motion with fewer warped hints, a narrower hourglass or a narrower refinement."""
    known, kept = old.warped, new.warped
    inputs = _first(old.hourglass).in_channels
    columns = [*range(4 * kept), *(4 * k for k in range(kept, known)), *range(4 * known, inputs)]
    seen = torch.tensor(columns)  # of a hint that is left out, its heat map stays
    features = _narrow_hourglass(old.hourglass, new.hourglass, seen)
    _fill(old.mask, new.mask, None, features)
    _fill(old.occlusion, new.occlusion, None, features)
    if old.refinement is not None:
        _narrow_refinement(old.refinement, new.refinement, features)


def _narrow_hourglass(old: Module, new: Module, seen: Tensor) -> Tensor:
    """Fill an hourglass that reads the channels ``seen``; return the channels of its result."""
    ups = [_first(block) for block in old.up]
    last = len(ups) - 1
    skips, columns = [seen], seen
    for level, (one, other) in enumerate(zip(old.down, new.down, strict=True)):
        up = ups[last - level]  # it reads the level after the next up-block's channels
        before = ups[last - level - 1].out_channels if level < last else 0
        readers = [*old.down[level + 1 : level + 2], up.weight[:, before:]]
        rows = _most_used(_first(other).out_channels, readers, one)
        _fill(one, other, rows, columns)
        skips.append(rows)
        columns = rows
    columns = skips.pop()
    for place, (one, other) in enumerate(zip(old.up, new.up, strict=True)):
        count, had = _first(other).out_channels, _first(one).out_channels
        readers = [up.weight[:, :had] for up in ups[place + 1 : place + 2]]
        rows = _most_used(count, readers, one) if readers else torch.arange(had)
        _fill(one, other, rows, columns)
        columns = torch.cat([rows, had + skips.pop()])
    return columns


def _narrow_refinement(old: Module, new: Module, features: Tensor) -> None:
    width = new.reduce.out_channels
    first, second = old.body
    had = old.reduce.out_channels
    reduced = _most_used(width, [first[0].weight[:, :had]])
    inner = _most_used(width, [second], first)
    last = _most_used(width, [old.head], second)
    picture = torch.arange(had, had + 3)
    _fill(old.reduce, new.reduce, reduced, features)
    _fill(first, new.body[0], inner, torch.cat([reduced, picture]))
    _fill(second, new.body[1], last, inner)
    _fill(old.head, new.head, None, last)


def _most_used(count: int, readers: list, made_by: nn.Module | None = None) -> Tensor:
    """Return rising indices of the ``count`` channels that weigh most in the next layers.

    Args:
        count: channels to keep.
        readers: kernels (O, C, k, k), or modules whose first convolution reads the channels.
        made_by: module whose last batch norm makes them, if it has one.
    """
    kernels = [one if isinstance(one, Tensor) else _first(one).weight for one in readers]
    weight = torch.stack([kernel.abs().sum(dim=(0, 2, 3)) for kernel in kernels]).sum(dim=0)
    norms = [p for p in made_by.modules() if isinstance(p, nn.BatchNorm2d)] if made_by else []
    if norms:
        weight = weight * norms[-1].weight.abs()
    return weight.topk(count).indices.sort().values


def _first(module: nn.Module) -> nn.Conv2d:
    return next(part for part in module.modules() if isinstance(part, nn.Conv2d))


def _fill(old: Module, new: Module, rows: Tensor | None, columns: Tensor | None = None) -> None:
    """Fill a convolution and the norm behind it from rows (outputs) and columns (inputs)."""
    for one, other in zip(old.modules(), new.modules(), strict=True):
        if isinstance(one, nn.Conv2d):
            kernel = one.weight if rows is None else one.weight[rows]
            other.weight.copy_(kernel if columns is None else kernel[:, columns])
            if one.bias is not None:
                other.bias.copy_(one.bias if rows is None else one.bias[rows])
        elif isinstance(one, nn.BatchNorm2d):
            for name, value in other.state_dict().items():
                known = one.state_dict()[name]
                value.copy_(known[rows] if known.dim() else known)
