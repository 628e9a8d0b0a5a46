"""What a data folder contains: rows of ``manifest.csv``, frames of a file, landmarks."""

import csv
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ostnet import landmarks
from ostnet.errors import InputError

KINDS = ("clip", "still")
REQUIRED_COLUMNS = ("file", "kind", "split")


@dataclass(frozen=True)
class Row:
    """One usable row of the manifest."""

    path: Path
    file: str
    """Path as the manifest writes it, relative to the data folder."""
    kind: str
    identity: str
    frames: int
    """Number of frames, at least 1."""
    generated: bool = False
    """Synthesised footage, as its licence says; such people may be drawn less often."""

    def fingerprint(self) -> tuple[int, int]:
        """Size in bytes and time of last change: tells whether a cached copy is still good."""
        stat = self.path.stat()
        return stat.st_size, stat.st_mtime_ns


def read_rows(folder: Path, split: str) -> list[Row]:
    """Rows of one split whose file exists and holds at least one frame, in the manifest's order.

    A row without identity is its own identity; a clip without a frame count is asked for it.
    Raises InputError naming what was found and what was expected.
    """
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise InputError(
            f"data folder {folder}: no manifest.csv found; expected a folder with manifest.csv "
            "(columns file, kind, split, identity, frames) and the files it names"
        )
    try:
        with manifest.open(newline="", encoding="utf-8") as text:
            reader = csv.DictReader(text)
            columns = reader.fieldnames or []
            entries = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"data folder {folder}: manifest.csv is no CSV text ({error}); expected UTF-8 with "
            "commas"
        ) from error
    if missing := [name for name in REQUIRED_COLUMNS if name not in columns]:
        raise InputError(
            f"data folder {folder}: manifest.csv has columns {', '.join(columns) or 'none'}; "
            f"missing {', '.join(missing)}"
        )
    chosen = [entry for entry in entries if entry["split"] == split and entry["kind"] in KINDS]
    rows = [row for entry in chosen if (row := _row(folder, entry))]
    if not any(row.kind == "clip" for row in rows):
        splits = ", ".join(sorted({entry["split"] or "?" for entry in entries})) or "none"
        raise InputError(
            f"data folder {folder}: manifest.csv has {len(entries)} rows (splits: {splits}), "
            f"{len(chosen)} of split {split!r}, {len(rows)} of them with a file, none a clip; "
            f"expected at least one clip of split {split!r}"
        )
    return rows


def _row(folder: Path, entry: dict[str, str]) -> Row | None:
    path = folder / entry["file"]
    if not path.is_file():
        return None
    identity = entry.get("identity") or entry["file"]
    frames = 1
    if entry["kind"] == "clip":
        stated = (entry.get("frames") or "").strip()
        frames = int(stated) if stated.isdigit() else _count_frames(path)
    generated = (entry.get("licence") or "").startswith("generated")
    if frames < 1:
        return None
    return Row(path, entry["file"], entry["kind"], identity, frames, generated)


def _count_frames(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return count


def spaced(frames: int, limit: int | None) -> np.ndarray:
    """Indices of at most ``limit`` frames, evenly spaced over ``frames`` frames, ends included."""
    if limit is None or frames <= limit:
        return np.arange(frames)
    return np.round(np.linspace(0, frames - 1, limit)).astype(np.int64)


def lively(points: np.ndarray, limit: int | None) -> np.ndarray:
    """Indices of at most ``limit`` frames of landmarks (frames, 70, 2), rising.

    Half of them evenly spaced; a quarter each are those of the others with the eyes closed and the
    mouth open furthest, rare moments that spacing misses. Where landmarks tell neither, all are
    evenly spaced.
    """
    frames = len(points)
    mouth, eyes = landmarks.openings(points).T
    known = np.flatnonzero(np.isfinite(mouth) & np.isfinite(eyes))
    if limit is None or frames <= limit or not len(known):
        return spaced(frames, limit)
    chosen = set(spaced(frames, max(1, limit // 2)).tolist())
    by_eyes, by_mouth = known[eyes[known].argsort()], known[mouth[known].argsort()[::-1]]
    for order, upto in ((by_eyes, 3 * limit // 4), (by_mouth, limit)):
        for index in order:
            if len(chosen) >= upto:
                break
            chosen.add(int(index))
    return np.array(sorted(chosen))


def read_frames(row: Row, indices: Iterable[int], resolution: int) -> Iterator[np.ndarray]:
    """The frames of the file at rising ``indices``, as uint8 RGB (R, R, 3); ends with the file.

    Raises ValueError if the file is not a picture or a video that can be read, or is not square.
    """
    for image in _still(row.path) if row.kind == "still" else _video(row.path, indices):
        height, width = image.shape[:2]
        if height != width:
            raise ValueError(f"found {width}x{height} pixels, expected a square picture")
        if height != resolution:
            how = cv2.INTER_AREA if height > resolution else cv2.INTER_LINEAR
            image = cv2.resize(image, (resolution, resolution), interpolation=how)
        yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _still(path: Path) -> Iterator[np.ndarray]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("not a picture that OpenCV can read")
    yield image


def _video(path: Path, indices: Iterable[int]) -> Iterator[np.ndarray]:
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise ValueError("not a video that OpenCV can read")
        position = -1
        for index in indices:
            while position < index:
                if not capture.grab():
                    return
                position += 1
            read, image = capture.retrieve()
            if not read:
                return
            yield image
    finally:
        capture.release()


class LandmarkFile:
    """``landmarks.npz`` of a data folder, read file by file; a folder without it knows none.

    Raises InputError where it is no such file.
    """

    def __init__(self, folder: Path):
        self.path = folder / "landmarks.npz"
        try:
            self._archive = np.load(self.path) if self.path.is_file() else {}
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"landmarks {self.path}: not an archive of arrays ({type(error).__name__}); "
                "write it with numpy.savez, or remove it"
            ) from error
        self._known = set(self._archive)

    def read(self, file: str) -> np.ndarray | None:
        """Landmarks (frames, 70, 2), NaN where no face was found; None: not known at all.

        Raises InputError on an array of another shape.
        """
        if file not in self._known:
            return None
        points = self._archive[file]
        if points.ndim != 3 or points.shape[1:] != (landmarks.POINTS, 2):
            raise InputError(
                f"landmarks {self.path}: {file} has shape {points.shape}; "
                f"expected (frames, {landmarks.POINTS}, 2)"
            )
        return points.astype(np.float32)
