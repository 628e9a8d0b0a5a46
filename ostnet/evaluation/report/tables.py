"""Rows of the report (one per method and metric) from records (one per method and frame)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.statistics import (
    People,
    Statistic,
    correlation,
    mean,
    people_interval,
    quantile,
    slope,
    whole,
)
from ostnet.methods import METHODS

Row = dict[str, Any]

POOLED: dict[str, Statistic] = {"pooled_slope": slope, "pooled_correlation": correlation}
"""Reductions of centred values of output and driver."""

BY_GAZE = ("error_down", "error_level", "bias_down")
"""Reductions of the centred difference of output and driver, chosen by the driver's gaze."""

LOOKING_DOWN = 0.25
"""Share of the frames that count as looking down."""

LOGARITHMIC = "median_log"
"""Reduction of the values' logarithms."""

REDUCE: dict[str, Statistic] = {
    "mean": mean,
    "median": partial(quantile, q=0.5),
    "p90": partial(quantile, q=0.9),
    LOGARITHMIC: partial(quantile, q=0.5),
}

_NO_VALUE = "no frame has a value"
_AT_REST = "no pair of clips in which both sides move"


@dataclass(frozen=True)
class Measured:
    """All groups of one protocol, for rows that the reduction of one column cannot give."""

    folder: Path
    """Folder of the plots."""
    records: Sequence[Record]
    arrays: Sequence[dict[str, np.ndarray]]
    """The groups' arrays, in order."""
    common: Row
    """Columns with the same value in all rows: protocol, dataset, note."""
    backends: dict[str, str]
    """Kind of back end -> its name and version."""

    def row(self, method: str, metric: str, definition: str, backend: str, frames: int) -> Row:
        """Return a row without a value, to be completed."""
        kind = self.backends[backend]
        return _row(method, metric, definition, self.common, kind) | {"frames": frames}


def rows(
    records: Sequence[Record],
    table: Sequence[Metric],
    head: Row,
    backends: dict[str, str],
    missing: dict[str, str],
) -> list[Row]:
    """Return one row per method and metric, in table order.

    Args:
        records: every method's frames of one protocol (and condition).
        table: the metrics.
        head: columns with the same value in all rows: protocol, dataset (and condition).
        backends: kind of back end -> its name and version.
        missing: method -> why there are no records of it.
    """
    result = []
    for method in in_table_order([*(record["method"] for record in records), *missing]):
        mine = [record for record in records if record["method"] == method]
        for metric in table:
            row = _row(method, metric.name, metric.definition, head, backends[metric.backend])
            row["frames"] = len(mine)
            result.append(row | (_summary(mine, metric) if mine else {"reason": missing[method]}))
    return result


def unavailable(
    table: Sequence[Metric], methods: Sequence[str], head: Row, reason: str
) -> list[Row]:
    """Return rows without a value for metrics whose network is not installed."""
    return [
        _row(method, metric.name, metric.definition, head, "unavailable") | {"reason": reason}
        for method in methods
        for metric in table
    ]


def _row(method: str, metric: str, definition: str, head: Row, backend: str) -> Row:
    """Return a row without a value yet."""
    return {
        "method": method,
        "metric": metric,
        "value": None,
        "definition": definition,
        **head,
        "backend": backend,
        "frames": 0,
        "failures": 0,
    }


def in_table_order(methods: Iterable[str]) -> list[str]:
    """Return the distinct methods in table order, unknown ones last."""
    present = dict.fromkeys(methods)
    known = [name for name in METHODS if name in present]
    return known + [name for name in present if name not in METHODS]


def estimate(statistic: Statistic, values: np.ndarray, people: People) -> Row:
    """Return value, and its 95 % interval over people (low, high) where there are two or more.

    Values that are not finite, such as after a division by a variance of 0, are left out.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {"value": whole(statistic, values)}
        if interval := people_interval(statistic, values, people):
            found |= dict(zip(("low", "high"), interval, strict=True))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _summary(records: Sequence[Record], metric: Metric) -> Row:
    """Return value, failures and interval of one metric of one method."""
    if metric.reduce == "correlation":
        return _correlation(records, metric)
    if metric.reduce in POOLED:
        return _pooled(records, metric)
    if metric.reduce in BY_GAZE:
        return _by_gaze(records, metric)
    values = np.array([record[metric.column] for record in records], dtype=float)
    if metric.backend == "module" and np.isnan(values).all():
        return {"reason": "the method takes out no scale by a grid of T_theta"}
    if metric.reduce == LOGARITHMIC:
        with np.errstate(invalid="ignore"):  # a mirrored grid has none and counts as failed
            values = np.log(values)
    kept = ~np.isnan(values)
    summary = {"failures": int((~kept).sum())}
    if not kept.any():
        return summary | {"reason": _NO_VALUE}
    if np.isinf(values).any():
        return summary | {"reason": "infinite: a frame is identical to the ground truth"}
    people = [record["person"] for record, keep in zip(records, kept, strict=True) if keep]
    return summary | estimate(REDUCE[metric.reduce], values[kept], people)


def _by_clips(records: Sequence[Record], columns: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """Return person and the columns' values (T, C) of each pair of clips."""
    clips: dict[tuple, list[Record]] = {}
    for record in records:
        clips.setdefault((record["source"], record["driving"]), []).append(record)
    return [
        (members[0]["person"], np.array([[r[c] for c in columns] for r in members], dtype=float))
        for members in clips.values()
    ]


def centred(records: Sequence[Record], columns: Sequence[str]) -> tuple[np.ndarray, list[str], int]:
    """Return the columns' values with their means within each pair of clips removed.

    Frames in which one of them is missing are left out. Returns the values (N, C), the person of
    each row, and the number of pairs of clips with a row.
    """
    clips = [(who, v[np.isfinite(v).all(axis=1)]) for who, v in _by_clips(records, columns)]
    clips = [(who, values) for who, values in clips if len(values)]
    points = [values - values.mean(axis=0) for _, values in clips]
    people = [who for who, values in clips for _ in values]
    return np.concatenate([np.empty((0, len(columns))), *points]), people, len(clips)


def _correlation(records: Sequence[Record], metric: Metric) -> Row:
    """Return the mean of the correlations within each pair of clips."""
    clips = _by_clips(records, metric.sides)
    failures = sum(int(np.isnan(values).any(axis=1).sum()) for _, values in clips)
    found = [(person, formulas.correlation(*values.T)) for person, values in clips]
    found = [(person, value) for person, value in found if not np.isnan(value)]
    summary = {"failures": failures, "clip_pairs": len(found)}
    if not found:
        return summary | {"reason": _AT_REST}
    people, values = zip(*found, strict=True)
    return summary | estimate(mean, np.array(values), people)


def _pooled(records: Sequence[Record], metric: Metric) -> Row:
    """Return slope or correlation over all frames, means of clips removed."""
    points, people, clips = centred(records, metric.sides)
    summary = {"failures": len(records) - len(points), "clip_pairs": clips}
    if not clips:
        return summary | {"reason": _NO_VALUE}
    found = estimate(POOLED[metric.reduce], points, people)
    return summary | (found if "value" in found else {"reason": _AT_REST})


def _by_gaze(records: Sequence[Record], metric: Metric) -> Row:
    """Return the difference of output and driver where the driver looks down, or elsewhere."""
    points, people, clips = centred(records, ("gaze_y_driver", *metric.sides))
    summary = {"failures": len(records) - len(points), "clip_pairs": clips}
    if not clips:
        return summary | {"reason": _NO_VALUE}
    gaze, driver, output = points.T
    down = gaze >= np.quantile(gaze, 1 - LOOKING_DOWN)
    chosen = ~down if metric.reduce == "error_level" else down
    if not chosen.any():
        return summary | {"reason": "the driver's gaze does not move"}
    difference = (output - driver)[chosen]
    values = difference if metric.reduce == "bias_down" else np.abs(difference)
    return summary | estimate(mean, values, np.array(people)[chosen])


def module_differences(records: Sequence[Record], head: Row, backend: str) -> list[Row]:
    """Return the module's median scale error minus the closed form's, with its interval.

    Positive where the learned module is worse. Empty unless both were measured.
    """
    ours, theirs = (
        sorted((r for r in records if r["method"] == name), key=lambda record: record["pair"])
        for name in ("full", "closed_form")
    )
    if not ours or not theirs:
        return []
    people = np.array([record["person"] for record in ours])
    result = []
    for axis in ("x", "y"):
        column = f"module_scale_error_{axis}"
        errors = np.array([[r[column] for r in side] for side in (ours, theirs)]).T  # (N, 2)
        kept = ~np.isnan(errors).any(axis=1)
        if not kept.any():
            continue
        row = {
            "method": "full",
            "metric": f"{column}_median_minus_closed_form",
            "definition": f"median {column} of T_theta minus that of the closed form on the "
            "same F_kp points; low, high: 95 % bootstrap interval over people",
            **head,
            "backend": backend,
            "frames": len(errors),
            "failures": int((~kept).sum()),
        }
        result.append(row | estimate(_median_difference, errors[kept], people[kept]))
    return result


def _median_difference(errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the median of column 0 minus that of column 1: (N, 2), weights (D, N) -> (D,)."""
    median = REDUCE["median"]
    return median(errors[:, 0], weights) - median(errors[:, 1], weights)
