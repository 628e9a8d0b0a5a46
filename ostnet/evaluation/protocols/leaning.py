"""People who lean: clips in which the face is larger or smaller after the first frame.

Taking the driver's scale out of each frame takes leaning out too, though the ground truth shows it.
"""

from collections.abc import Sequence

import numpy as np

from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.statistics import mean
from ostnet.evaluation.report import tables
from ostnet.evaluation.report.tables import Measured, Row

LEAST = 0.03
"""Change of the face's size from which a clip counts."""

BASE = "no_transform"

_CLIPS = (
    f"over clips whose face size changes by {LEAST:.0%} or more after the first frame (median over "
    "the clip's frames of sigma(ground truth)/sigma(source) along x or y; sigma = rms of 68 "
    "landmarks about their mean)"
)

AKD = f"mean |difference| of 136 coordinates at 256 x 256, px, {_CLIPS}"
RATIO = f"akd of the method over akd of {BASE} on the same frames, {_CLIPS}"


def leaning(records: Sequence[Record]) -> list[Record]:
    """Return the records of the clips that lean.

    Records have ``lean_x`` and ``lean_y``: ln of the ground truth's sigma over the source's.
    """
    clips: dict[tuple, list[Record]] = {}
    for record in records:
        clips.setdefault((record["source"], record["driving"]), []).append(record)
    return [record for clip in clips.values() if _leans(clip) for record in clip]


def _leans(clip: Sequence[Record]) -> bool:
    change = np.array([[record["lean_x"], record["lean_y"]] for record in clip], dtype=float)
    change = change[np.isfinite(change).all(axis=1)]
    if not len(change):
        return False
    median = np.exp(np.median(change, axis=0))
    return bool((np.maximum(median, 1 / median) >= 1 + LEAST).any())


def finish(measured: Measured) -> list[Row]:
    """Return the rows of AKD on the clips that lean, and of its ratio to ``no_transform``'s."""
    chosen = leaning(measured.records)
    base = {record["pair"]: record["akd"] for record in chosen if record["method"] == BASE}
    rows = []
    for method in dict.fromkeys(record["method"] for record in measured.records):
        mine = [record for record in chosen if record["method"] == method]
        akd = np.array([[r["akd"], base.get(r["pair"], np.nan)] for r in mine]).reshape(-1, 2)
        people = np.array([record["person"] for record in mine])
        for name, definition, kept, statistic in (
            ("akd_leaning", AKD, np.isfinite(akd[:, 0]), lambda v, w: mean(v[:, 0], w)),
            (f"akd_leaning_over_{BASE}", RATIO, np.isfinite(akd).all(axis=1), _ratio),
        ):
            row = measured.row(method, name, definition, "landmarker", len(mine))
            row["failures"] = int((~kept).sum())
            if kept.any():
                row |= tables.estimate(statistic, akd[kept], people[kept])
            else:
                row["reason"] = "no frame of a clip that leans has a value"
            rows.append(row)
    return rows


def _ratio(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(N, 2), (D, N) -> (D,): mean of column 0 over mean of column 1."""
    return mean(values[:, 0], weights) / mean(values[:, 1], weights)
