"""Results of one protocol on disk, one file per group of pairs, so that a run can be resumed.

``<output>/<protocol>/`` holds ``settings.json``, ``pairs.csv``, ``groups/NNNN.csv`` (the records of
one group), where there are some ``groups/NNNN.npz`` (pictures for the sample sheet) and
``groups/NNNN.arrays.npz`` (arrays that do not fit a record) and, at the end, ``frames.csv`` with
all records.
"""

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ostnet.evaluation.metrics.columns import Record

TEXT_COLUMNS = {"method", "person", "source", "driving", "condition"}


@dataclass
class Result:
    """The result of one group of pairs."""

    records: list[Record]
    strip: dict[str, np.ndarray]
    """Pictures of the middle frame by label, for the sample sheet."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """Arrays, one row per frame, that do not fit a record and are reduced over all groups."""


class GroupStore:
    """Keeps finished groups, so that a run with the same settings does not measure them again."""

    def __init__(self, folder: Path, settings: dict):
        self.folder, self.groups = folder, folder / "groups"
        self._settings = json.loads(json.dumps(settings))

    def open(self) -> None:
        """Create the folders and record the settings; the first process calls it, once.

        Groups in the folder that were measured under other settings are removed.
        """
        path = self.folder / "settings.json"
        before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        if before != self._settings:
            shutil.rmtree(self.groups, ignore_errors=True)
        self.groups.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self._settings, indent=1) + "\n", encoding="utf-8")

    def has(self, number: int) -> bool:
        """Return whether this group is finished."""
        return self._path(number, ".csv").is_file()

    def save(self, number: int, result: Result, with_strip: bool) -> None:
        """Keep one group; its CSV appears only when complete."""
        if with_strip:
            self._pack(number, ".npz", result.strip)
        if result.arrays:
            self._pack(number, ".arrays.npz", result.arrays)
        partial = self._path(number, ".partial")
        write_records(partial, result.records)
        partial.replace(self._path(number, ".csv"))

    def _pack(self, number: int, suffix: str, arrays: dict[str, Any]) -> None:
        np.savez_compressed(self._path(number, suffix), **arrays)

    def records(self, count: int) -> list[Record]:
        """Return the records of the first ``count`` groups, in order."""
        return [record for n in range(count) for record in read_records(self._path(n, ".csv"))]

    def strips(self, count: int) -> list[dict[str, np.ndarray]]:
        """Return the pictures of the groups that have some."""
        return self._load(count, ".npz")

    def arrays(self, count: int) -> list[dict[str, np.ndarray]]:
        """Return the arrays of the groups that have some, in order."""
        return self._load(count, ".arrays.npz")

    def _load(self, count: int, suffix: str) -> list[dict[str, np.ndarray]]:
        paths = [self._path(n, suffix) for n in range(count)]
        return [dict(np.load(path)) for path in paths if path.is_file()]

    def _path(self, number: int, suffix: str) -> Path:
        return self.groups / f"{number:04d}{suffix}"


def write_records(path: Path, records: Sequence[Record]) -> None:
    """Write a CSV with one row per record; an empty cell is NaN."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for r in records for key in r)))
        writer.writeheader()
        for record in records:
            writer.writerow({key: _cell(value) for key, value in record.items()})


def _cell(value: object) -> object:
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else repr(float(value))
    return value


def read_records(path: Path) -> list[Record]:
    """Return exactly what ``write_records`` wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {
                key: text if key in TEXT_COLUMNS else float(text) if text else float("nan")
                for key, text in row.items()
            }
            for row in csv.DictReader(file)
        ]
