"""Clips become rows of the manifest: everyone's clips in one split."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ostnet.dataset.manifest import PROVENANCE, READ_COLUMNS, write_table
from ostnet.dataset.prepare.cutting import Clip
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.skips import Skip


def manifest_rows(clips: Iterable[Clip], config: PrepareConfig) -> list[dict[str, object]]:
    """A row for each clip, by the manifest's columns, ordered by source and place in it."""
    return [
        _row(clip, split_of(clip.identity, clip.partition, config))
        for clip in sorted(clips, key=lambda clip: clip.file)
    ]


def _row(clip: Clip, split: str) -> dict[str, object]:
    known = {**asdict(clip), "kind": "clip", "split": split}
    return {name: known[name] for name in (*READ_COLUMNS, *PROVENANCE)}


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


def write_skips(path: Path, skips: Iterable[Skip]) -> None:
    """``skipped.csv``: a row per video or stretch without a clip, with its reason."""
    columns = ("video", "start", "end", "reason")
    rows = sorted(
        ({name: getattr(skip, name) for name in columns} for skip in skips),
        key=lambda row: (row["video"], row["start"] or 0.0, row["end"] or 0.0, row["reason"]),
    )
    write_table(path, columns, rows)
