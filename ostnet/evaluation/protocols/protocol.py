"""What every protocol is: its pairs, what is measured, how it is summed up and drawn.

A protocol turns a group of pairs (one source picture, frames of one driving clip) into one record
per method and frame: a flat dict of numbers, NaN where a face was not found. ``report.tables``
turns records into rows of the report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.evaluation.data.clips import Clip, load_frames
from ostnet.evaluation.data.pairs import Pair, PairOptions
from ostnet.evaluation.method_pictures import Generated, augment, rotate
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.faces import FaceReader
from ostnet.evaluation.metrics.regions import RegionDistance
from ostnet.evaluation.report.group_store import Result
from ostnet.evaluation.report.tables import Measured, Row


@dataclass
class Bench:
    """Everything a protocol needs besides the pairs."""

    data: Path
    """Folder that the clips' paths start from."""
    model: object
    """OSTNet in eval mode."""
    apart: dict[str, object]
    """Networks trained apart, by method (``backbone``, ``backbone_augmented``)."""
    methods: Sequence[str]
    """Methods to run, in table order."""
    reader: FaceReader
    lineage: bool = False
    """Add SSIM and PSNR with the lineage's data_range of 2."""
    perceptual: RegionDistance | None = None
    """The network of the perceptual distance on regions, where it is installed."""


LEARNED_OR_NOT = ("full", "no_transform", "copy_source", "closed_form")
"""The methods that differ where only the measure of scale is in question."""


def no_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """For protocols that measure clips rather than pairs."""
    return []


def nothing_measured(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """For protocols without pairs."""
    return Result([], {})


def no_table(bench: Bench) -> list[Metric]:
    """For protocols whose rows are no reductions of a column."""
    return []


def no_plots(folder: Path, records: Sequence[Record]) -> None:
    """For protocols whose table says it all."""


@dataclass(frozen=True)
class Protocol:
    """One protocol of ``ostnet evaluate``.

    A module of this package lists its own in ``PROTOCOLS``; ``suite`` finds it there.
    """

    name: str
    place: int
    """Protocols of a report follow each other by it."""
    frames: int = 0
    """Driving frames per clip by default."""
    pairs: Callable[[Sequence[Clip], PairOptions, int], list[Pair]] = no_pairs
    """(clips, options, frames per clip) -> the pair list."""
    heeds: frozenset[str] = frozenset({"pairs"})
    """Which of the options ``pairs``, ``random_frames`` and ``lineage`` change something."""
    table: Callable[[Bench], list[Metric]] = no_table
    """The metrics of the report."""
    headline: tuple[str, ...] = ()
    """Columns of the first table in report.md; those without any value are left out."""
    draw: Callable[[Path, Sequence[Record]], None] = no_plots
    """Writes the plots into a folder."""
    measure: Callable[[Bench, Sequence[Pair]], Result] = nothing_measured
    methods: tuple[str, ...] | None = None
    """Methods worth running; None: all."""
    condition: Callable[[Record], str] | None = None
    """Splits the records: one set of rows per condition."""
    perceptual: bool = False
    """Whether it reports the perceptual distance on regions."""
    known_scale: bool = True
    """Whether the module is held against a known scale, also beside the closed form."""
    seldom: tuple[str, ...] = ()
    """Which methods of ``methods.SELDOM`` say something here, beside those of every table."""
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
    direct: Callable[[Bench, Sequence[Clip], str], list[Row]] | None = None
    """(bench, clips, data set's description) -> rows, in place of everything about pairs."""


def load_pictures(bench: Bench, pairs: Sequence[Pair]):
    """Source picture, driving frames at their own scale, and as the methods see them."""
    first = pairs[0]
    source = load_frames(bench.data / first.source, [first.source_frame])[0]
    frames = load_frames(bench.data / first.driving, [pair.frame for pair in pairs])
    truth = [rotate(frame, pair.roll) for frame, pair in zip(frames, pairs, strict=True)]
    return source, truth, augment(truth, [(pair.s_x, pair.s_y) for pair in pairs])


def head(pair: Pair, method: str) -> Record:
    """The columns that say what a record is about."""
    return {
        "method": method,
        "pair": pair.pair,
        "person": pair.person,
        "source": pair.source,
        "driving": pair.driving,
        "frame": pair.frame,
        "s_x": pair.s_x,
        "s_y": pair.s_y,
        "roll": pair.roll,
    }


def strip(
    source: np.ndarray, driving: np.ndarray, generated: Generated, truth: Sequence | None
) -> dict[str, np.ndarray]:
    """The middle frame's pictures by label, for the sample sheet."""
    middle = len(driving) // 2
    pictures = {"source": source, "driving": driving[middle]}
    if generated.rectified is not None:
        pictures["rectified"] = generated.rectified[middle]
    pictures |= {name: images[middle] for name, images in generated.images.items()}
    if truth is not None:
        pictures["truth"] = truth[middle]
    return pictures
