"""The clips of a data set: its manifest, and chosen frames as square pictures of 256 pixels."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.crop import centre_square
from ostnet.media.video import probe, read_frames

SIZE = 256
"""Side of the pictures on which everything is measured."""


@dataclass(frozen=True)
class Clip:
    """One video of one person."""

    file: str
    """Path below the data folder."""
    person: str
    """Identity; clips of one person are not independent."""
    frames: int
    """Number of frames."""


def read_clips(data: Path, split: str = "val") -> list[Clip]:
    """Clips of one split by ``data/manifest.csv``, in the manifest's order.

    Columns used: file, split, and where they exist kind (rows other than ``clip`` are left out),
    identity (default: the file) and frames (default: counted). Raises InputError where the
    manifest is missing or holds no clip of the split.
    """
    manifest = data / "manifest.csv"
    if not manifest.is_file():
        raise InputError(f"data: {manifest} does not exist; give a folder with clips/ and it")
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = {"file", "split"} - set(rows[0] if rows else ())
    if missing:
        raise InputError(f"data: {manifest} lacks the columns {sorted(missing)}; add them")
    rows = [row for row in rows if row["split"] == split and row.get("kind", "clip") == "clip"]
    if not rows:
        raise InputError(f"data: {manifest} lists no clip of split {split!r}; add some")
    return [_clip(data, row) for row in rows]


def _clip(data: Path, row: dict[str, str]) -> Clip:
    path = data / row["file"]
    if not path.is_file():
        raise InputError(f"data: {path} is in the manifest but does not exist; restore it")
    frames = int(row.get("frames") or probe(path).frames)
    return Clip(row["file"], row.get("identity") or row["file"], frames)


def load_frames(path: Path, indices: Sequence[int]) -> list[np.ndarray]:
    """Frames of a video by index -> uint8 (256, 256, 3) each, the centre square, in that order."""
    wanted = set(indices)
    found = {}
    for index, frame in enumerate(read_frames(path, max_frames=max(wanted) + 1)):
        if index in wanted:
            found[index] = square(frame)
    if wanted - set(found):
        raise InputError(
            f"{path}: frame {max(wanted)} does not exist; found {max(found, default=-1) + 1} frames"
        )
    return [found[index] for index in indices]


def square(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> its centre square at 256 pixels, anti-aliased; unchanged if it is that."""
    height, width = image.shape[:2]
    if (height, width) == (SIZE, SIZE):
        return image
    return centre_square(height, width).apply(image, output=SIZE)
