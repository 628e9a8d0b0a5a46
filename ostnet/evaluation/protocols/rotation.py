"""Turned heads: frames by their yaw, and frames rolled in the picture's plane."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions, first_clips, renumber, same_identity
from ostnet.evaluation.metrics import definitions
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.protocols import reconstruction
from ostnet.evaluation.protocols.conditions import ROLLS, rotation_condition
from ostnet.evaluation.protocols.protocol import LEARNED_OR_NOT, Bench, Protocol
from ostnet.evaluation.report import plots


def rotation_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """Frames as they are (for the bins of yaw), and the first of each person rolled in-plane."""
    upright = same_identity(clips, frames, options.pairs)
    firsts = same_identity(first_clips(clips), 1)
    rolled = [replace(pair, roll=float(roll)) for pair in firsts for roll in ROLLS]
    return renumber([*upright, *rolled])


def draw(folder: Path, records: Sequence[Record]) -> None:
    """Measured scale against yaw, and the grid's rotation against the roll."""
    measured = [record for record in records if record["method"] in ("full", "closed_form")]
    upright = [record for record in measured if record["roll"] == 0]
    rolled = [record for record in measured if record["roll"] != 0]
    panel, label = {"measured_x": "measured $s_x$"}, "yaw of the driver, degrees"
    plots.scatter(folder / "yaw", upright, "yaw_driver", label, panel)
    panel, label = {"grid_turn": "turn of the grid, degrees"}, "roll of the driver, degrees"
    plots.scatter(folder / "roll", rolled, "roll", label, panel)


def table(bench: Bench) -> list[Metric]:
    """What reconstruction has, and what the grid makes of turns."""
    return [*reconstruction.table(bench), *definitions.ROTATION]


PROTOCOLS = (
    Protocol(
        "rotation",
        50,
        frames=8,
        pairs=rotation_pairs,
        heeds=frozenset({"pairs", "lineage"}),
        table=table,
        headline=(
            "log_measured_x",
            "log_measured_y",
            "grid_turn",
            "roll_output",
            "roll_driver",
            "scale_error_x_median",
            "akd",
            "yaw_correlation",
        ),
        draw=draw,
        measure=reconstruction.reconstruct,
        methods=LEARNED_OR_NOT,
        condition=rotation_condition,
    ),
)
