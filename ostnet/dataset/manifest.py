"""``manifest.csv`` of a data folder: one row per clip or still."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError
from ostnet.files import write_atomically

NAME = "manifest.csv"
KINDS = ("clip", "still")
REQUIRED_COLUMNS = ("file", "kind", "split")
READ_COLUMNS = (*REQUIRED_COLUMNS, "identity", "frames")
"""Columns that training reads; an optional column ``licence`` marks synthetic footage."""

PROVENANCE = ("source", "start", "end", "left", "top", "side", "face", "sharpness", "lost")
"""Origin of a prepared clip, see :class:`ostnet.dataset.prepare.results.Clip`."""


@dataclass(frozen=True)
class Row:
    """One usable row of the manifest."""

    path: Path
    file: str
    """Path in the manifest, relative to the data folder."""
    kind: str
    identity: str
    frames: int
    """Number of frames, at least 1."""
    generated: bool = False
    """Whether it is synthetic footage, which may be drawn less often."""

    def fingerprint(self) -> tuple[int, int]:
        """Return size in bytes and time of last change, by which a cached copy is validated."""
        stat = self.path.stat()
        return stat.st_size, stat.st_mtime_ns


def write_manifest(
    folder: Path,
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[str] = (*READ_COLUMNS, *PROVENANCE),
) -> None:
    """Write ``manifest.csv`` in an existing data folder; each row has a value for each column."""
    write_table(folder / NAME, columns, rows)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file in UTF-8 with a header, atomically."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_if_changed(path, text.getvalue())


def write_if_changed(path: Path, text: str) -> None:
    """Write a file atomically, unless it has this content already."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return
    write_atomically(path, lambda partial: partial.write_bytes(content))


def read_rows(folder: Path, split: str, leave_out: Collection[str] = ()) -> list[Row]:
    """Return the rows of a split whose files exist and have frames, in order.

    A row without identity gets its file as identity; missing frame counts are read from the clip.

    Args:
        folder: the data folder.
        split: such as ``train``.
        leave_out: identities to leave out.

    Raises:
        InputError: the manifest is missing or unreadable, the split has no clip, or an identity in
            ``leave_out`` is not in the split.
    """
    entries = _read_table(folder)
    chosen = [entry for entry in entries if entry["split"] == split and entry["kind"] in KINDS]
    _refuse_unknown(leave_out, {_identity(entry) for entry in chosen}, folder, split)
    kept = [entry for entry in chosen if _identity(entry) not in leave_out]
    rows = [row for entry in kept if (row := _row(folder, entry))]
    if not any(row.kind == "clip" for row in rows):
        splits = ", ".join(sorted({entry["split"] or "?" for entry in entries})) or "none"
        raise InputError(
            f"data folder {folder}: found no clip of split {split!r} in {NAME}, expected at least "
            f"one; of its {len(entries)} rows (splits: {splits}), {len(chosen)} are of that split, "
            f"and the files of {len(rows)} of these exist"
        )
    return rows


def check_identities(folder: Path, split: str, wanted: Collection[str]) -> None:
    """Raise InputError unless the split has all identities in ``wanted``."""
    if wanted:
        found = {_identity(entry) for entry in _read_table(folder) if entry["split"] == split}
        _refuse_unknown(wanted, found, folder, split)


def _refuse_unknown(wanted: Collection[str], found: set[str], folder: Path, split: str) -> None:
    if unknown := [name for name in wanted if name not in found]:
        raise InputError(
            f"leave_out: {', '.join(unknown)} not found among the {len(found)} people of split "
            f"{split!r} of {folder / NAME}; write them as in its column identity"
        )


def _identity(entry: dict[str, str]) -> str:
    return entry.get("identity") or entry["file"]


def _read_table(folder: Path) -> list[dict[str, str]]:
    """Return the lines of the manifest. Raises InputError for a missing column."""
    path = folder / NAME
    if not path.is_file():
        raise InputError(
            f"data folder {folder}: no {NAME} found; expected a folder with {NAME} (columns "
            f"{', '.join(READ_COLUMNS)}) and the files it names"
        )
    try:
        with path.open(newline="", encoding="utf-8") as text:
            reader = csv.DictReader(text)
            columns, entries = reader.fieldnames or [], list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"data folder {folder}: {NAME} is not CSV text ({error}); expected UTF-8 with commas"
        ) from error
    if missing := [name for name in REQUIRED_COLUMNS if name not in columns]:
        raise InputError(
            f"data folder {folder}: {NAME} has columns {', '.join(columns) or 'none'}; "
            f"missing {', '.join(missing)}"
        )
    return entries


def _row(folder: Path, entry: dict[str, str]) -> Row | None:
    path = folder / entry["file"]
    if not path.is_file():
        return None
    frames = 1
    if entry["kind"] == "clip":
        stated = (entry.get("frames") or "").strip()
        frames = int(stated) if stated.isdigit() else _count_frames(path)
    generated = (entry.get("licence") or "").startswith("generated")
    if frames < 1:
        return None
    return Row(path, entry["file"], entry["kind"], _identity(entry), frames, generated)


def _count_frames(path: Path) -> int:
    from ostnet.dataset.frames import count_frames  # imports OpenCV, which preparing does not need

    return count_frames(path)
