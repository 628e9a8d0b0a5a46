"""Shards: tar files that hold a large collection, read from front to back.

A data folder holds ``shards/<split>-000000.tar`` and so on; members ``<key>.mp4`` (or .avi, .mkv,
.webm; .png, .jpg for stills) and ``<key>.json`` with the manifest's values: file, identity, kind,
split, frames. This is the layout that WebDataset reads too.
"""

import csv
import json
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.training.manifest import KINDS, Row, read_frames


@dataclass(frozen=True)
class Sample:
    """One clip or still of a shard, not decoded yet."""

    file: str
    """Path as the manifest writes it: the key of its landmarks."""
    identity: str
    kind: str
    frames: int
    suffix: str
    """Of the media file: ``.mp4`` and so on."""
    media: bytes

    def decode(self, indices: np.ndarray, resolution: int) -> list[np.ndarray]:
        """The frames at rising ``indices``, uint8 RGB (R, R, 3); fewer if the file ends before.

        Raises ValueError if it cannot be decoded or is not square.
        """
        with tempfile.NamedTemporaryFile(suffix=self.suffix) as copy:
            copy.write(self.media)
            copy.flush()
            row = Row(Path(copy.name), self.file, self.kind, self.identity, self.frames)
            return list(read_frames(row, indices, resolution))


def find_shards(folder: Path | str, split: str) -> list[Path]:
    """The shards of a split, by name. Raises InputError if there is none."""
    found = sorted((Path(folder) / "shards").glob(f"{split}-*.tar"))
    if not found:
        raise InputError(
            f"data folder {folder}: no shard shards/{split}-*.tar found; expected some, as "
            "`ostnet prepare --shards` writes them, or train without --stream"
        )
    return found


def read_shard(path: Path, part: int = 0, parts: int = 1) -> Iterator[Sample]:
    """The samples of one shard, in its order; of ``parts`` readers this one takes each parts-th.

    A sample without description or media, or with a bad description, is left out. Raises
    tarfile.TarError or OSError where the file is damaged.
    """
    waiting: dict[str, dict[str, bytes]] = {}
    order: dict[str, int] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isfile():
                continue
            key, _, suffix = member.name.rpartition(".")
            if order.setdefault(key, len(order)) % parts != part:
                continue
            members = waiting.setdefault(key, {})
            members[suffix] = archive.extractfile(member).read()
            if len(members) == 2 and "json" in members:
                sample = _sample(key, waiting.pop(key))
                if sample:
                    yield sample


def _sample(key: str, members: dict[str, bytes]) -> Sample | None:
    try:
        known = json.loads(members.pop("json"))
        (suffix, media), *_ = members.items()
        kind, frames = known.get("kind", "clip"), int(known.get("frames") or 0)
    except (ValueError, AttributeError, TypeError):
        return None
    if kind not in KINDS or (kind == "clip" and frames < 2):
        return None
    file = known.get("file") or key
    return Sample(file, known.get("identity") or file, kind, max(frames, 1), f".{suffix}", media)


def unpack(folder: Path | str, split: str, limit: int, into: Path) -> Path:
    """Write the first ``limit`` samples of a split as a data folder of files; returns ``into``."""
    rows = []
    for shard in find_shards(folder, split):
        for sample in read_shard(shard):
            if len(rows) == limit:
                break
            name = f"{len(rows):05d}{sample.suffix}"
            into.mkdir(parents=True, exist_ok=True)
            (into / name).write_bytes(sample.media)
            rows.append([name, sample.kind, split, sample.identity, sample.frames])
    if not rows:
        raise InputError(f"data folder {folder}: the shards of split {split!r} hold no sample")
    with (into / "manifest.csv").open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([["file", "kind", "split", "identity", "frames"], *rows])
    return into
