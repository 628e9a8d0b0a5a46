"""The tables of a prepared folder: its clips with their split, and what was left out."""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ostnet.preparing.config import PrepareConfig
from ostnet.preparing.cutting import Clip
from ostnet.preparing.skips import Skip
from ostnet.preparing.store import write_if_changed

COLUMNS = (
    "file", "kind", "split", "identity", "frames", "source", "start", "end", "left", "top",
    "side", "face", "sharpness", "lost",
)  # fmt: skip
"""Of manifest.csv; what the columns mean, ``cutting.Clip`` says."""


@dataclass(frozen=True)
class Entry:
    """A clip and its split."""

    clip: Clip
    split: str

    def row(self) -> dict[str, object]:
        """Its row of manifest.csv."""
        known = {**asdict(self.clip), "kind": "clip", "split": self.split}
        return {name: known[name] for name in COLUMNS}


def entries(clips: Iterable[Clip], config: PrepareConfig) -> list[Entry]:
    """The clips with their split, in the manifest's order: by source and place in it."""
    chosen = [Entry(clip, split_of(clip.identity, clip.partition, config)) for clip in clips]
    return sorted(chosen, key=lambda entry: entry.clip.file)


def split_of(identity: str, partition: str | None, config: PrepareConfig) -> str:
    """train, val or test: all clips of a person in one split, whatever else is in the data set.

    A hash of the identity decides; test people of the annotations stay test, and their train
    people never become test.
    """
    if partition == "test":
        return "test"
    digest = hashlib.sha256(f"{config.seed}:{identity}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < config.val_share:
        return "val"
    if partition is None and place >= 1 - config.test_share:
        return "test"
    return "train"


def write_manifest(path: Path, chosen: Sequence[Entry]) -> None:
    """``manifest.csv``: a header and one row per clip."""
    write_if_changed(path, _table(COLUMNS, (entry.row() for entry in chosen)))


def write_skips(path: Path, skips: Iterable[Skip]) -> None:
    """``skipped.csv``: a row per video or stretch without a clip, with its reason."""
    columns = ("video", "start", "end", "reason")
    rows = sorted(
        ({name: getattr(skip, name) for name in columns} for skip in skips),
        key=lambda row: (row["video"], row["start"] or 0.0, row["end"] or 0.0, row["reason"]),
    )
    write_if_changed(path, _table(columns, rows))


def _table(columns: Sequence[str], rows: Iterable[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
