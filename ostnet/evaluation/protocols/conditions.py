"""Scales, rolls and bins of yaw that protocols go through, and the names of these conditions."""

import numpy as np

from ostnet.evaluation.metrics.columns import Record

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


def sweep_condition(record: Record) -> str:
    """Which stretch, and how much: ``both 0.5``, ``x 0.5``, ``y 0.5``; 1 is ``both 1``.

    Scales off the sweep, which only a pair list can bring, are told in full: ``x 0.8 y 1.2``.
    """
    x, y = record["s_x"], record["s_y"]
    if x == y:
        return f"both {x:g}"
    if 1 not in (x, y):
        return f"x {x:g} y {y:g}"
    return f"x {x:g}" if y == 1 else f"y {y:g}"


def rotation_condition(record: Record) -> str:
    """The roll, or else the bin of the ground truth's yaw."""
    if record["roll"] != 0:
        return f"roll {record['roll']:g}"
    return yaw_condition(record["yaw_driver"])


def yaw_condition(yaw: float) -> str:
    """The bin of a yaw in degrees, ``yaw 15+``; ``yaw unknown`` for NaN."""
    if np.isnan(yaw):
        return "yaw unknown"
    return f"yaw {max(edge for edge in YAW_BINS if edge <= abs(yaw))}+"
