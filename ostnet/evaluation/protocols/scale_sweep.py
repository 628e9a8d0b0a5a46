"""The driver at every scale of a sweep, far beyond those of training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions, first_clips, renumber, same_identity
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.protocols.conditions import STRETCHES, sweep_condition
from ostnet.evaluation.protocols.protocol import LEARNED_OR_NOT, Protocol
from ostnet.evaluation.protocols.reconstruction import HEADLINE, reconstruct, table
from ostnet.evaluation.report import plots


def sweep_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """Each person's first clip at every scale of the sweep: both axes, x alone, y alone."""
    pairs = same_identity(first_clips(clips), frames, options.pairs)
    return renumber(replace(pair, s_x=x, s_y=y) for pair in pairs for x, y in STRETCHES)


def draw(folder: Path, records: Sequence[Record]) -> None:
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


PROTOCOLS = (
    Protocol(
        "scale-sweep",
        40,
        frames=1,
        pairs=sweep_pairs,
        heeds=frozenset({"pairs", "lineage"}),
        table=table,
        headline=HEADLINE,
        draw=draw,
        measure=reconstruct,
        methods=LEARNED_OR_NOT,
        condition=sweep_condition,
    ),
)
