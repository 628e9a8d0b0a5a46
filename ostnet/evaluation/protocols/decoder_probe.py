"""Linear probe: how well the driver's scale can be read from each level of the decoder.

ln s_x and ln s_y of the augmentation are regressed on features pooled over space (mean and
standard deviation of every channel), on people that the regression has not seen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions
from ostnet.evaluation.method_pictures import to_batch
from ostnet.evaluation.metrics import statistics
from ostnet.evaluation.protocols.protocol import Context, Protocol, head, load_pictures
from ostnet.evaluation.protocols.reconstruction import different_scale_pairs
from ostnet.evaluation.report import plots, tables
from ostnet.evaluation.report.group_store import Result
from ostnet.evaluation.report.tables import Measured, Row
from ostnet.methods import VARIANTS, switches
from ostnet.model.generator import Generator
from ostnet.model.keypoints import spread
from ostnet.model.ostnet import OSTNet

LEVELS = {
    "warped 1/8": "the tap at 1/8, warped, masked, with its z: input of the residual blocks",
    "residual": "output of the residual blocks, before z is added",
    "level 1/8": "the same with z",
    "level 1/4": "decoder at 1/4, skip merged, with z",
    "level 1/2": "decoder at 1/2, skip merged, with z",
    "before picture": "input of the last convolution (the same as level 1/2 where the head is that "
    "convolution alone)",
}
"""Level -> where the features are read, in the order of the decoder."""

REFERENCES = {
    "z": "the scale code itself",
    "measured_scale": "ln s^ of T_theta's grid, two numbers",
    "spread_ratio": "ln(rms(d_D)/rms(d_S)) per axis of the F_kp points, two numbers",
    "x_driving": "the driving frame's keypoints x_D",
    "x_rectified": "the rectified frame's keypoints x_D^",
}
"""Inputs of the generator that are probed for comparison."""

METHODS = {
    **{name: method.what for name, method in VARIANTS.items()},
    **REFERENCES,
}
"""Probed network variant, or what is probed in its place -> what it is."""

NOTE = (
    "Run-time toggles of one network. R^2 of a ridge regression of ln s_x and ln s_y on mean and "
    "standard deviation over space of every channel, people held out (10 folds; penalty chosen "
    "among the training people); below 0: worse than the mean. It says what can be read off a "
    "level by a linear map, not what the picture makes of it. Levels: "
    + "; ".join(f"{level}: {what}" for level, what in LEVELS.items())
    + "."
)

_DEFINITION = (
    "R^2 of ln s_{axis}, known scale of the augmentation, predicted by ridge regression from the "
    "pooled features of the condition's level (or from what the method names){less}; people held "
    "out; low, high: 95 % bootstrap interval over people"
)
_LESS = " less the same where the source drives itself, which takes out who and what it shows"

REFERENCE = "input of the generator"
"""Condition of the rows that probe no level."""

RELATIVE = "relative:"
"""Prefix of features less those of the source driving itself."""


class DecoderProbe(Protocol):
    """A linear probe of the decoder's levels."""

    name = "probe"
    frames = 24
    options = frozenset({"pairs", "random_frames"})
    own_methods = METHODS
    headline = "r2_x r2_y r2_relative_x r2_relative_y".split()
    note = NOTE
    known_scale = False
    scales_drawn = True

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw the pairs of different-scale."""
        return different_scale_pairs(clips, options, frames)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one source and its driving frames: a record per frame, pooled features."""
        source, _, driving = load_pictures(context, pairs)
        found = features_of(context.model, source, driving)
        rest = features_of(context.model, source, source[None])
        relative = {RELATIVE + name: values - rest[name] for name, values in found.items()}
        return Result([head(pair, "features") for pair in pairs], {}, found | relative)

    def summarise(self, measured: Measured) -> list[Row]:
        """Return R^2 of every level and reference, and plot it."""
        people = [record["person"] for record in measured.records]
        scales = [[record["s_x"], record["s_y"]] for record in measured.records]
        targets = np.log(np.array(scales, dtype=float))  # (N, 2)
        rows = []
        for name in measured.arrays[0]:
            features = np.concatenate([group[name] for group in measured.arrays]).astype(float)
            method, _, level = name.removeprefix(RELATIVE).partition("/")
            metric, less = ("r2_relative", _LESS) if name.startswith(RELATIVE) else ("r2", "")
            condition = level or REFERENCE
            for axis, result in zip("xy", explained(features, targets, people), strict=True):
                definition = _DEFINITION.format(axis=axis, less=less)
                row = measured.row(method, f"{metric}_{axis}", definition, "numpy", len(people))
                rows.append(row | {"condition": condition} | result)
        for metric, name in (("r2", "levels"), ("r2_relative", "levels_relative")):
            plots.levels(measured.folder / name, rows, metric, list(LEVELS), VARIANTS, REFERENCE)
        order = [*LEVELS, REFERENCE]
        return sorted(rows, key=lambda row: order.index(row["condition"]))


@torch.inference_mode()
def features_of(model: OSTNet, source: np.ndarray, driving: np.ndarray) -> dict[str, np.ndarray]:
    """Return pooled features ``<variant>/<level>`` (T, 2 C) and references (T, D), float32.

    source: uint8 (H, W, 3); driving: uint8 (T, H, W, 3).
    """
    device = next(model.parameters()).device
    state = model.encode(to_batch([source], device))
    parts: dict[str, list[Tensor]] = {}
    for frame in driving:
        reading = model.read(state, to_batch([frame], device))
        alignment = reading.alignment
        motions = [model.move(state, x) for x in (reading.x_driving, reading.x_rectified)]
        found = {
            "z": alignment.z,
            "measured_scale": alignment.scale.clamp(min=1e-3).log(),
            "spread_ratio": (spread(reading.x_driving) / spread(state.keypoints)).log(),
            "x_driving": reading.x_driving.flatten(1),
            "x_rectified": reading.x_rectified.flatten(1),
        }
        for variant in VARIANTS:
            transform, embedding = switches(variant)
            with tapped(model.generator) as levels:
                model.paint(state, motions[transform], alignment.z if embedding else None)
            found |= {f"{variant}/{level}": pooled(maps) for level, maps in levels.items()}
        for name, values in found.items():
            parts.setdefault(name, []).append(values.float().cpu())
    return {name: torch.cat(values).numpy() for name, values in parts.items()}


@contextmanager
def tapped(generator: Generator) -> Iterator[dict[str, Tensor]]:
    """Yield level -> feature maps (B, C, h, w) of the generator's calls within the context."""
    seen: dict[str, Tensor] = {}
    last = [part for part in generator.head.modules() if isinstance(part, nn.Conv2d)][-1]

    def keep_input(level):
        return lambda module, arguments: seen.update({level: arguments[0]})

    def keep_output(module, arguments, output):
        seen["residual"] = output

    hooks = [
        generator.residual.register_forward_pre_hook(keep_input("warped 1/8")),
        generator.up[0].register_forward_pre_hook(keep_input("level 1/8")),
        generator.up[1].register_forward_pre_hook(keep_input("level 1/4")),
        generator.head.register_forward_pre_hook(keep_input("level 1/2")),
        last.register_forward_pre_hook(keep_input("before picture")),
        generator.residual.register_forward_hook(keep_output),
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def pooled(maps: Tensor) -> Tensor:
    """Return mean and standard deviation over space of (B, C, h, w): (B, 2 C)."""
    flat = maps.float().flatten(2)
    return torch.cat([flat.mean(dim=2), flat.std(dim=2, unbiased=False)], dim=1)


def explained(features: np.ndarray, targets: np.ndarray, people: Sequence[str]) -> list[Row]:
    """Return value, low and high of R^2 on people held out per target, or why there is none."""
    if len(set(people)) < 3 or targets.std(axis=0).min() == 0:
        reason = "holding people out needs three people, and scales that differ"
        return [{"reason": reason}] * targets.shape[1]
    predicted = statistics.held_out_predictions(features, targets, people)
    return [
        tables.estimate(statistics.r_squared, np.stack([target, guess], axis=1), people)
        for target, guess in zip(targets.T, predicted.T, strict=True)
    ]
