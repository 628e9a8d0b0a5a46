"""The room on the disk that all visitors' uploads and results share."""

import os
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.limits import whole_number

VARIABLE, MEGABYTES = "OSTNET_PAGE_DISK", 20480
"""Megabytes that they may take together, by an environment variable, and without one."""

FULL = (
    "disk: this page has no room for more files at present; try again later, or run it on your "
    "own computer"
)


def need_room(folder: Path, coming: int = 0) -> None:
    """Refuse what is coming where it does not fit.

    Args:
        folder: where all of it lies; need not exist.
        coming: its bytes, as far as they are known.

    Raises:
        InputError: there is no room, or the variable is no number.
    """
    if used(folder) + coming >= whole_number(VARIABLE, MEGABYTES) * 1_000_000:
        raise InputError(FULL)


def used(folder: Path) -> int:
    """Bytes of all files in a folder and those below; what goes meanwhile counts as nothing."""
    return sum(size(Path(where) / name) for where, _, names in os.walk(folder) for name in names)


def size(file: Path) -> int:
    """Bytes of a file, of a link its own; 0 where it has just gone."""
    try:
        return file.lstat().st_size
    except OSError:
        return 0
