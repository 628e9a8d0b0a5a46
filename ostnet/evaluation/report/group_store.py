"""Results of one protocol on disk, one group of pairs a file, so that a run can be resumed.

``<output>/<protocol>/`` holds ``settings.json``, ``pairs.csv``, ``groups/NNNN.csv`` (the records of
one group), ``groups/NNNN.npz`` (its pictures for the sample sheet, where it has some),
``groups/NNNN.arrays.npz`` (what does not fit a record, where it has some) and, at the end,
``frames.csv`` with all records.
"""

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ostnet.evaluation.metrics.columns import Record

TEXT_COLUMNS = {"method", "person", "source", "driving", "condition"}


@dataclass
class Result:
    """What one group of pairs gave."""

    records: list[Record]
    strip: dict[str, np.ndarray]
    """Pictures of the middle frame by label, for the sample sheet."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """What does not fit a record and is summed up over all groups, one row per frame."""


class GroupStore:
    """Keeps finished groups; a group measured under the same settings is not measured again."""

    def __init__(self, folder: Path, settings: dict):
        self.folder, self.groups = folder, folder / "groups"
        self._settings = json.loads(json.dumps(settings))

    def open(self) -> None:
        """Create the folders and record the settings; once, by the first process.

        Groups in the folder that were measured under other settings are removed.
        """
        if self._recorded() != self._settings:
            shutil.rmtree(self.groups, ignore_errors=True)
        self.groups.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self._settings, indent=1)
        (self.folder / "settings.json").write_text(text + "\n", encoding="utf-8")

    def _recorded(self) -> dict | None:
        path = self.folder / "settings.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def has(self, number: int) -> bool:
        """Whether this group is finished."""
        return self._path(number, ".csv").is_file()

    def save(self, number: int, result: Result, with_strip: bool) -> None:
        """Keep one group; its CSV appears only when complete."""
        if with_strip:
            np.savez_compressed(self._path(number, ".npz"), **result.strip)
        if result.arrays:
            np.savez_compressed(self._path(number, ".arrays.npz"), **result.arrays)
        partial = self._path(number, ".partial")
        write_records(partial, result.records)
        partial.replace(self._path(number, ".csv"))

    def records(self, count: int) -> list[Record]:
        """Records of the first ``count`` groups, in order."""
        return [record for n in range(count) for record in read_records(self._path(n, ".csv"))]

    def strips(self, count: int) -> list[dict[str, np.ndarray]]:
        """Pictures of the groups that kept some."""
        paths = [self._path(n, ".npz") for n in range(count)]
        return [dict(np.load(path)) for path in paths if path.is_file()]

    def arrays(self, count: int) -> list[dict[str, np.ndarray]]:
        """Arrays of the first ``count`` groups, in order; groups without any are left out."""
        paths = [self._path(n, ".arrays.npz") for n in range(count)]
        return [dict(np.load(path)) for path in paths if path.is_file()]

    def _path(self, number: int, suffix: str) -> Path:
        return self.groups / f"{number:04d}{suffix}"


def write_records(path: Path, records: Sequence[Record]) -> None:
    """CSV with one row per record; an empty cell is a value that could not be had."""
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
    """What ``write_records`` wrote, exactly."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {
                key: text if key in TEXT_COLUMNS else float(text) if text else float("nan")
                for key, text in row.items()
            }
            for row in csv.DictReader(file)
        ]
