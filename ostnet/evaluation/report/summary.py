"""A measured protocol, for summaries that no reduction of a single column can give."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.report.tables import Row


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
