"""A measured protocol, for summaries that no reduction of a single column can give."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.evaluation import tables
from ostnet.evaluation.bootstrap import Statistic
from ostnet.evaluation.columns import Record
from ostnet.evaluation.tables import Row


@dataclass(frozen=True)
class Measured:
    """All groups of one protocol."""

    folder: Path
    """Where plots go."""
    records: Sequence[Record]
    arrays: Sequence[dict[str, np.ndarray]]
    """What the groups kept beside their records, in order."""
    common: Row
    """What all rows share: protocol, dataset, note."""
    backends: dict[str, str]
    """Kind of back end -> its name and version."""

    def row(self, method: str, metric: str, definition: str, backend: str, frames: int) -> Row:
        """A row without a value, to be completed."""
        return {
            "method": method,
            "metric": metric,
            "value": None,
            "definition": definition,
            **self.common,
            "backend": self.backends[backend],
            "frames": frames,
            "failures": 0,
        }


def estimate(statistic: Statistic, values: np.ndarray, people: Sequence[str]) -> Row:
    """value, low and high, as ``tables.estimate``, for statistics that divide by a variance.

    The interval is left out where people are so few that a resample does not vary at all.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = tables.estimate(statistic, values, people)
    return {name: value for name, value in found.items() if np.isfinite(value)}
