"""The protocols by name: their pairs, what is measured, how it is summed up and drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ostnet.evaluation import definitions, plots, stability
from ostnet.evaluation.clips import Clip
from ostnet.evaluation.columns import Record
from ostnet.evaluation.config import EvaluateConfig
from ostnet.evaluation.definitions import Metric
from ostnet.evaluation.pairs import (
    Pair,
    cross_identity,
    draw_scales,
    first_clips,
    neighbours,
    renumber,
    same_identity,
)
from ostnet.evaluation.protocols import Bench, Result, cross, reconstruct

SWEEP = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0)
"""Scales of the sweep; the training range is 0.7 to 1.3."""

ROLLS = (-60, -30, -10, 10, 30, 60)
"""Degrees of in-plane rotation."""

YAW_BINS = (0, 15, 30, 45)
"""Lower edges of the bins of |yaw|, degrees; the last is open."""

Draw = Callable[[Path, Sequence[Record]], None]


@dataclass(frozen=True)
class Protocol:
    """One protocol of ``ostnet evaluate``."""

    frames: int
    """Driving frames per clip by default."""
    pairs: Callable[[Sequence[Clip], EvaluateConfig, int], list[Pair]]
    """(clips, options, frames per clip) -> the pair list."""
    table: Callable[[Bench], list[Metric]]
    """The metrics of the report."""
    draw: Draw
    """Writes the plots into a folder."""
    measure: Callable[[Bench, Sequence[Pair]], Result] = reconstruct
    methods: tuple[str, ...] | None = None
    """Methods worth running; None: all."""
    condition: Callable[[Record], str] | None = None
    """Splits the records: one set of rows per condition."""
    unavailable: tuple[str, ...] = ()
    """Metrics of the protocol that need what this package does not carry."""
    known_scale: bool = True
    """Whether the module is held against a known scale, also beside the closed form."""


def same_scale_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """The first frame of each clip driven by the rest of the clip."""
    return same_identity(clips, frames, config.pairs)


def different_scale_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """The pairs of ``same_scale_pairs``, each at a scale drawn by the seed."""
    pairs = same_scale_pairs(clips, config, frames)
    return draw_scales(pairs, config.seed, config.scale_per_clip)


def cross_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Each person driven by the next, at scales drawn by the seed."""
    pairs = cross_identity(clips, frames, config.pairs)
    return draw_scales(pairs, config.seed, config.scale_per_clip)


def sweep_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Each person's first clip at every scale of the sweep: both axes, x alone, y alone."""
    scales = [(s, s) for s in SWEEP] + [(s, 1.0) for s in SWEEP] + [(1.0, s) for s in SWEEP]
    pairs = same_identity(first_clips(clips), frames, config.pairs)
    return renumber(replace(pair, s_x=x, s_y=y) for pair in pairs for x, y in dict.fromkeys(scales))


def rotation_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Frames as they are (for the bins of yaw), and the first of each person rolled in-plane."""
    upright = same_identity(clips, frames, config.pairs)
    firsts = same_identity(first_clips(clips), 1)
    rolled = [replace(pair, roll=float(roll)) for pair in firsts for roll in ROLLS]
    return renumber([*upright, *rolled])


def stability_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Neighbouring frames from the start of each person's first clip, one drawn scale a clip."""
    return draw_scales(neighbours(first_clips(clips), frames), config.seed, per_clip=True)


def sweep_condition(record: Record) -> str:
    """Which stretch, and how much: ``both 0.5``, ``x 0.5``, ``y 0.5``; 1 is ``both 1``."""
    x, y = record["s_x"], record["s_y"]
    if x == y:
        return f"both {x:g}"
    return f"x {x:g}" if y == 1 else f"y {y:g}"


def rotation_condition(record: Record) -> str:
    """The roll, or else the bin of the ground truth's yaw."""
    if record["roll"] != 0:
        return f"roll {record['roll']:g}"
    yaw = abs(record["yaw_driver"])
    if not yaw >= 0:
        return "yaw unknown"
    low = max(edge for edge in YAW_BINS if edge <= yaw)
    return f"yaw {low}+"


def draw_reconstruction(folder: Path, records: Sequence[Record]) -> None:
    """Scale errors by method, and the measured against the known scale."""
    draw_scale_error(folder, records)
    plots.measured_against_known(folder / "measured_scale", records, folder.name)


def draw_scale_error(folder: Path, records: Sequence[Record]) -> None:
    """Scale errors by method."""
    label = "scale error E of the output (median, quartiles, 5 to 95 %)"
    plots.boxes(folder / "scale_error", records, "scale_error", label, folder.name)


def draw_sweep(folder: Path, records: Sequence[Record]) -> None:
    """Curves over the scale, one panel per stretch."""
    for column, label in (
        ("scale_error", "scale error E of the output, median"),
        ("module_scale_error_x", "error of the measured $s_x$, median"),
        ("module_scale_error_y", "error of the measured $s_y$, median"),
        ("ssim", "SSIM, median"),
        ("akd", "AKD, px, median"),
        ("l1", "L1, median"),
    ):
        plots.curves(folder / column, records, column, label)


def draw_rotation(folder: Path, records: Sequence[Record]) -> None:
    """Measured scale against yaw, and the grid's rotation against the roll."""
    upright = [record for record in records if record["roll"] == 0]
    rolled = [record for record in records if record["roll"] != 0]
    yaw_labels = ("yaw of the driver, degrees", "measured $s_x$")
    plots.scatter(folder / "yaw", upright, "yaw_driver", "measured_x", yaw_labels)
    roll_labels = ("roll of the driver, degrees", "turn of the grid, degrees")
    plots.scatter(folder / "roll", rolled, "roll", "grid_turn", roll_labels)


def draw_nothing(folder: Path, records: Sequence[Record]) -> None:
    """For protocols whose table says it all."""


def _reconstruction(bench: Bench) -> list[Metric]:
    return definitions.reconstruction_metrics(bench.lineage, bench.lpips is not None)


LEARNED_OR_NOT = ("full", "no_transform", "copy_source", "closed_form")

SUITE: dict[str, Protocol] = {
    "same-scale": Protocol(
        12,
        same_scale_pairs,
        _reconstruction,
        draw_reconstruction,
        unavailable=("lpips", "fid", "aed"),
    ),
    "different-scale": Protocol(
        12,
        different_scale_pairs,
        _reconstruction,
        draw_reconstruction,
        unavailable=("lpips", "fid", "aed"),
    ),
    "cross-identity": Protocol(
        12,
        cross_pairs,
        lambda bench: definitions.cross_metrics(bench.reader.embedder.key),
        draw_scale_error,
        measure=cross,
        unavailable=("fid", "csim_arcface", "aucon", "prmse"),
        known_scale=False,
    ),
    "scale-sweep": Protocol(
        1,
        sweep_pairs,
        _reconstruction,
        draw_sweep,
        methods=LEARNED_OR_NOT,
        condition=sweep_condition,
    ),
    "rotation": Protocol(
        8,
        rotation_pairs,
        lambda bench: [*_reconstruction(bench), *definitions.ROTATION],
        draw_rotation,
        methods=LEARNED_OR_NOT,
        condition=rotation_condition,
    ),
    "stability": Protocol(
        25,
        stability_pairs,
        lambda bench: stability.METRICS,
        draw_nothing,
        measure=stability.stability,
        methods=LEARNED_OR_NOT,
        condition=lambda record: record["condition"],
        known_scale=False,
    ),
}
"""Name -> protocol, in the order of a report."""
