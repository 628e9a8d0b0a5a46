"""The protocols by name: their pairs, what is measured, how it is summed up and drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ostnet.evaluation import (
    definitions,
    embedding,
    keypoints,
    plots,
    probe,
    rectification,
    stability,
)
from ostnet.evaluation.clips import Clip
from ostnet.evaluation.columns import Record
from ostnet.evaluation.conditions import ROLLS, STRETCHES, rotation_condition, sweep_condition
from ostnet.evaluation.config import EvaluateConfig
from ostnet.evaluation.definitions import Metric
from ostnet.evaluation.pairs import (
    Pair,
    cross_identity,
    draw_frames,
    draw_scales,
    first_clips,
    neighbours,
    renumber,
    same_identity,
)
from ostnet.evaluation.protocols import Bench, Result, cross, reconstruct
from ostnet.evaluation.summary import Measured
from ostnet.evaluation.tables import Row

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
    extra: tuple[str, ...] = ()
    """Kinds of networks whose metrics it reports where the user gives their weights."""
    known_scale: bool = True
    """Whether the module is held against a known scale, also beside the closed form."""
    clip_scale: bool = False
    """Whether a clip has one true scale, so that ``full_clip_scale`` says something."""
    scales_drawn: bool = False
    """Whether listed pairs without scales get them by the seed, as drawn pairs do."""
    own_methods: dict[str, str] | None = None
    """Methods of this protocol alone, name -> what it does, in place of those of every table."""
    note: str | None = None
    """What a reader of every row must know."""
    finish: Callable[[Measured], list[Row]] | None = None
    """Rows that the reduction of one column cannot give, and their plots."""
    sheet_people: int = 8
    """People on the sample sheet."""


def same_scale_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """The first frame of each clip driven by the rest of the clip; or two random frames of it."""
    pairs = same_identity(clips, frames, config.pairs)
    return draw_frames(pairs, clips, config.seed) if config.random_frames else pairs


def different_scale_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """The pairs of ``same_scale_pairs``, each at a scale drawn by the seed."""
    pairs = same_scale_pairs(clips, config, frames)
    return draw_scales(pairs, config.seed, config.scale_per_clip)


def cross_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Each person driven by the next, at scales drawn by the seed."""
    pairs = cross_identity(clips, frames, config.pairs)
    if config.random_frames:
        pairs = draw_frames(pairs, clips, config.seed)
    return draw_scales(pairs, config.seed, config.scale_per_clip)


def sweep_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Each person's first clip at every scale of the sweep: both axes, x alone, y alone."""
    pairs = same_identity(first_clips(clips), frames, config.pairs)
    return renumber(replace(pair, s_x=x, s_y=y) for pair in pairs for x, y in STRETCHES)


def rotation_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Frames as they are (for the bins of yaw), and the first of each person rolled in-plane."""
    upright = same_identity(clips, frames, config.pairs)
    firsts = same_identity(first_clips(clips), 1)
    rolled = [replace(pair, roll=float(roll)) for pair in firsts for roll in ROLLS]
    return renumber([*upright, *rolled])


def stability_pairs(clips: Sequence[Clip], config: EvaluateConfig, frames: int) -> list[Pair]:
    """Neighbouring frames from the start of each person's first clip, one drawn scale a clip."""
    return draw_scales(neighbours(first_clips(clips), frames), config.seed, per_clip=True)


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
    return definitions.reconstruction_metrics(bench.lineage)


LEARNED_OR_NOT = ("full", "no_transform", "copy_source", "closed_form")

SUITE: dict[str, Protocol] = {
    "same-scale": Protocol(
        12,
        same_scale_pairs,
        _reconstruction,
        draw_reconstruction,
        extra=definitions.WITH_TRUTH,
        clip_scale=True,
    ),
    "different-scale": Protocol(
        12,
        different_scale_pairs,
        _reconstruction,
        draw_reconstruction,
        extra=definitions.WITH_TRUTH,
        scales_drawn=True,
    ),
    "cross-identity": Protocol(
        12,
        cross_pairs,
        lambda bench: definitions.cross_metrics(bench.reader.embedder.key),
        draw_scale_error,
        measure=cross,
        extra=definitions.ACROSS,
        known_scale=False,
        scales_drawn=True,
    ),
    "scale-sweep": Protocol(
        1,
        sweep_pairs,
        _reconstruction,
        draw_sweep,
        methods=LEARNED_OR_NOT,
        extra=("lpips",),
        condition=sweep_condition,
    ),
    "rotation": Protocol(
        8,
        rotation_pairs,
        lambda bench: [*_reconstruction(bench), *definitions.ROTATION],
        draw_rotation,
        methods=LEARNED_OR_NOT,
        extra=("lpips",),
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
    "embedding": Protocol(
        12,
        different_scale_pairs,
        embedding.table,
        embedding.draw,
        measure=embedding.measure,
        known_scale=False,
        scales_drawn=True,
        own_methods=embedding.METHODS,
        note=embedding.NOTE,
        finish=embedding.finish,
    ),
    "probe": Protocol(
        24,
        different_scale_pairs,
        lambda bench: [],
        draw_nothing,
        measure=probe.measure,
        known_scale=False,
        scales_drawn=True,
        own_methods=probe.METHODS,
        note=probe.NOTE,
        finish=probe.finish,
    ),
    "keypoints": Protocol(
        8,
        keypoints.pairs,
        lambda bench: keypoints.METRICS,
        keypoints.draw,
        measure=keypoints.measure,
        condition=lambda record: record["condition"],
        known_scale=False,
        own_methods=keypoints.METHODS,
        note=keypoints.NOTE,
    ),
    "rectification": Protocol(
        2,
        rectification.pairs,
        lambda bench: rectification.METRICS,
        rectification.draw,
        measure=rectification.measure,
        condition=lambda record: record["condition"],
        own_methods=rectification.METHODS,
        note=rectification.NOTE,
        sheet_people=2,
    ),
}
"""Name -> protocol, in the order of a report."""
