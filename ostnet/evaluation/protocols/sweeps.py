"""Drivers far beyond those of training: every scale of a sweep, turned and rolled heads."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions, first_clips, renumber, same_identity
from ostnet.evaluation.metrics import definitions
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.protocols.protocol import LEARNED_OR_NOT, Context
from ostnet.evaluation.protocols.reconstruction import Reconstruction
from ostnet.evaluation.report import plots
from ostnet.evaluation.report.group_store import Result

SWEEP = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0)
"""Scales of the sweep; the training range is 0.7 to 1.3."""

STRETCHES = tuple(
    dict.fromkeys([(s, s) for s in SWEEP] + [(s, 1.0) for s in SWEEP] + [(1.0, s) for s in SWEEP])
)
"""The sweep as (s_x, s_y): both axes, x alone, y alone."""

ROLLS = (-60, -30, -10, 10, 30, 60)
"""Degrees of in-plane rotation."""

YAW_BINS = (0, 15, 30, 45)
"""Lower edges of the bins of |yaw|, degrees; the last is open."""


def sweep_condition(x: float, y: float) -> str:
    """Return the condition of a stretch: ``both 0.5``, ``x 0.5``, ``y 0.5``; 1 is ``both 1``.

    A pair list may hold scales that are not part of the sweep: ``x 0.8 y 1.2``.
    """
    if x == y:
        return f"both {x:g}"
    if 1 not in (x, y):
        return f"x {x:g} y {y:g}"
    return f"x {x:g}" if y == 1 else f"y {y:g}"


def yaw_condition(yaw: float) -> str:
    """Return the bin of a yaw in degrees, ``yaw 15+``; ``yaw unknown`` for NaN."""
    if np.isnan(yaw):
        return "yaw unknown"
    return f"yaw {max(edge for edge in YAW_BINS if edge <= abs(yaw))}+"


class ScaleSweep(Reconstruction):
    """The driver at every scale of the sweep."""

    name = "scale-sweep"
    frames = 1
    methods = LEARNED_OR_NOT

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw each person's first clip at every scale: both axes, x alone, y alone."""
        pairs = same_identity(first_clips(clips), frames, options.pairs)
        return renumber(replace(pair, s_x=x, s_y=y) for pair in pairs for x, y in STRETCHES)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one source and its stretched drivers; the condition is the stretch."""
        result = super().measure(context, pairs)
        for record in result.records:
            record["condition"] = sweep_condition(record["s_x"], record["s_y"])
        return result

    def draw(self, folder: Path, records: Sequence[Record]) -> None:
        """Draw curves over the scale, one panel per stretch."""
        for column, label in (
            ("scale_error", "scale error E of the output, median"),
            ("module_scale_error_x", "error of the measured $s_x$, median"),
            ("module_scale_error_y", "error of the measured $s_y$, median"),
            ("ssim", "SSIM, median"),
            ("akd", "AKD, px, median"),
            ("l1", "L1, median"),
        ):
            plots.curves(folder / column, records, column, label)


class Rotation(Reconstruction):
    """Turned heads: frames by their yaw, and frames rolled in the picture's plane."""

    name = "rotation"
    frames = 8
    methods = LEARNED_OR_NOT
    headline = (
        "log_measured_x log_measured_y grid_turn roll_output roll_driver scale_error_x_median akd "
        "yaw_correlation"
    ).split()

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw frames as they are (for the bins of yaw), and each person's first one, rolled."""
        upright = same_identity(clips, frames, options.pairs)
        firsts = same_identity(first_clips(clips), 1)
        rolled = [replace(pair, roll=float(roll)) for pair in firsts for roll in ROLLS]
        return renumber([*upright, *rolled])

    def metrics(self, context: Context) -> Sequence[Metric]:
        """Return the metrics of reconstruction, and those of the grid's rotation."""
        return [*super().metrics(context), *definitions.ROTATION]

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one source and its drivers; the condition is the roll, or the bin of yaw."""
        result = super().measure(context, pairs)
        for record in result.records:
            roll = record["roll"]
            record["condition"] = f"roll {roll:g}" if roll else yaw_condition(record["yaw_driver"])
        return result

    def draw(self, folder: Path, records: Sequence[Record]) -> None:
        """Draw the measured scale against yaw, and the grid's rotation against the roll."""
        measured = [record for record in records if record["method"] in ("full", "closed_form")]
        upright = [record for record in measured if record["roll"] == 0]
        rolled = [record for record in measured if record["roll"] != 0]
        panel, label = {"measured_x": "measured $s_x$"}, "yaw of the driver, degrees"
        plots.scatter(folder / "yaw", upright, "yaw_driver", label, panel)
        panel, label = {"grid_turn": "turn of the grid, degrees"}, "roll of the driver, degrees"
        plots.scatter(folder / "roll", rolled, "roll", label, panel)
