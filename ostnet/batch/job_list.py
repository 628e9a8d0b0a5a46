"""The list of jobs: a table (CSV, JSON lines), or a folder of portraits and clips."""

import csv
import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from ostnet.animation.motion_file import SUFFIX
from ostnet.errors import InputError
from ostnet.media.sequence import PICTURES, is_sequence

Row = dict[str, str]
"""Column -> text, without empty cells; columns are named as flags are, without their dashes."""

REQUIRED = ("name", "source", "driving")
FILES = ("source", "driving", "checkpoint")
"""Columns that name files; a path is looked up in the table's folder first."""

CLIPS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", SUFFIX)
LONGEST_NAME = 200
"""Largest length of a name in bytes; file systems allow 255 for a file."""


def read_rows(path: Path, leave_out: Path | None = None) -> list[Row]:
    """Read the jobs of a table, or pair every portrait of a folder with every clip.

    Args:
        path: a ``.csv`` file with a header, a ``.jsonl`` file with an object on each line, or a
            folder, which is searched with the folders in it.
        leave_out: a folder in that folder which is not searched.

    Raises:
        InputError: it cannot be read, is empty, lacks a required column, or a name is not
            a valid file name or occurs twice.
    """
    if path.is_dir():
        rows = _pairs(path, leave_out)
    elif not path.is_file():
        raise InputError(f"jobs: no file or folder {str(path)!r}; check the path")
    elif path.suffix.lower() == ".csv":
        rows = list(_csv_rows(path))
    elif path.suffix.lower() == ".jsonl":
        rows = list(_json_rows(path))
    else:
        raise InputError(
            f"jobs: '{path}' is not a .csv file, .jsonl file or folder; give one of these"
        )
    if not rows:
        raise InputError(f"jobs: '{path}' holds no job; write one line for each job")
    _check(rows)
    return rows


def _csv_rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text, strict=True)
            columns = [_column(name) for name in reader.fieldnames or ()]
            if missing := [name for name in REQUIRED if name not in columns]:
                raise InputError(f"jobs: '{path}' lacks the columns {', '.join(missing)}; add them")
            for cells in reader:
                if None in cells:
                    raise InputError(
                        f"jobs: '{path}', line {reader.line_num}: more cells than columns; put "
                        "cells with commas in quotes"
                    )
                yield _row(path, cells)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"jobs: '{path}' is not CSV text ({error}); save it as UTF-8") from error


def _json_rows(path: Path) -> Iterator[Row]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"jobs: '{path}' is no text ({error}); save it as UTF-8") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except ValueError:
            cells = None
        if not isinstance(cells, dict):
            raise InputError(f"jobs: '{path}', line {number}: no JSON object; write one a line")
        yield _row(path, {name: _text(value) for name, value in cells.items()})


def _pairs(folder: Path, leave_out: Path | None) -> list[Row]:
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and not (leave_out and leave_out.resolve() in file.resolve().parents)
    ]
    portraits = [file for file in files if file.suffix.lower() in PICTURES]
    clips = [file for file in files if file.name.lower().endswith(CLIPS)]
    if not portraits or not clips:
        raise InputError(
            f"jobs: found {len(portraits)} portraits and {len(clips)} clips in '{folder}'; "
            "put at least one of each there"
        )
    return [
        {
            "name": f"{portrait.stem}__{clip.stem}",
            "source": str(portrait.absolute()),
            "driving": str(clip.absolute()),
        }
        for portrait, clip in product(portraits, clips)
    ]


def _row(table: Path, cells: dict[str, str | None]) -> Row:
    row = {_column(name): text.strip() for name, text in cells.items() if text and text.strip()}
    for name in FILES:
        beside = table.absolute().parent / row.get(name, "")
        if name in row and (beside.exists() or (name == "driving" and is_sequence(beside))):
            row[name] = str(beside)
    return row


def _column(name: str) -> str:
    return name.strip().lstrip("-").replace("_", "-")


def _text(value: object) -> str:
    """Return a JSON value as the text of a flag."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _check(rows: list[Row]) -> None:
    seen = set()
    for number, row in enumerate(rows, 1):
        name = row.get("name", "")
        if not _can_name_a_file(name):
            raise InputError(
                f"name: {name!r} of job {number} cannot be a file name; give one without slashes "
                f"and without a dot at its start, of at most {LONGEST_NAME} bytes"
            )
        if name.casefold() in seen:  # some file systems ignore case
            raise InputError(f"name: {name!r} of job {number} occurs twice; give each job its own")
        seen.add(name.casefold())


def _can_name_a_file(name: str) -> bool:
    plain = name and not name.startswith(".") and not re.search(r"[/\\\x00-\x1f\x7f]", name)
    return bool(plain) and len(name.encode()) <= LONGEST_NAME
