"""The clips of a data set: its manifest, and chosen frames as square pictures of 256 pixels."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.crop import centre_square
from ostnet.media.video import probe, read_frames, read_image

SIZE = 256
"""Side of the pictures on which everything is measured."""

PICTURES = (".png", ".jpg", ".jpeg")
"""Endings of still pictures, and of the frames of a clip that is a folder."""

FOLDER_RATE = 25.0
"""Frames per second of a folder of frames, which states none."""


@dataclass(frozen=True)
class Clip:
    """One video of one person: a video file, or a folder of numbered frames."""

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
    if not path.exists():
        raise InputError(f"data: {path} is in the manifest but does not exist; restore it")
    frames = int(row.get("frames") or count_frames(path))
    return Clip(row["file"], row.get("identity") or row["file"], frames)


def frame_number(name: str) -> int | None:
    """The number at the end of a frame's name: 12 for ``0000012.png``; None where there is none."""
    found = re.search(r"(\d+)$", re.sub(rf"({'|'.join(PICTURES)})$", "", name.lower()))
    return int(found[1]) if found else None


def frame_files(folder: Path) -> list[Path]:
    """The numbered pictures of a folder, in the order of their numbers."""
    numbered = [
        (frame_number(path.name), path.name, path)
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES and frame_number(path.name) is not None
    ]
    return [path for _, _, path in sorted(numbered)]


def count_frames(path: Path) -> int:
    """Number of frames of a video file, a folder of frames or a picture."""
    return probe(path).frames if _is_video(path) else len(_pictures(path))


def frame_rate(path: Path) -> float:
    """Frames per second; of anything but a video file FOLDER_RATE."""
    return float(probe(path).fps) if _is_video(path) else FOLDER_RATE


def load_frames(path: Path, indices: Sequence[int]) -> list[np.ndarray]:
    """Frames by index -> uint8 (256, 256, 3) each, the centre square, in that order.

    path: a video file, a folder of numbered frames (index 0 is the lowest number), or a picture,
    whose only frame is 0. Raises InputError for an index past the end.
    """
    wanted = set(indices)
    found = {}
    if _is_video(path):
        for index, frame in enumerate(read_frames(path, max_frames=max(wanted) + 1)):
            if index in wanted:
                found[index] = square(frame)
    else:
        for index, file in enumerate(_pictures(path)):
            if index in wanted:
                found[index] = square(read_image(file, apart=False))
    if wanted - set(found):
        raise InputError(
            f"{path}: frame {max(wanted)} does not exist; found {count_frames(path)} frames"
        )
    return [found[index] for index in indices]


def _is_video(path: Path) -> bool:
    return not path.is_dir() and path.suffix.lower() not in PICTURES


def _pictures(path: Path) -> list[Path]:
    return frame_files(path) if path.is_dir() else [path]


def square(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> its centre square at 256 pixels, anti-aliased; unchanged if it is that."""
    height, width = image.shape[:2]
    if (height, width) == (SIZE, SIZE):
        return image
    return centre_square(height, width).apply(image, output=SIZE)
