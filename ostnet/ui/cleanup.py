"""The folder of all visitors' uploads and results: how much it may hold, and what is deleted."""

import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.limits import whole_number

VARIABLE, MEGABYTES = "OSTNET_PAGE_DISK", 20480
"""Environment variable with the megabytes that the folder may hold, and its default."""

FULL = (
    "disk: this page has no space for more files at present; try again later, or run OSTNet on "
    "your own computer"
)

VISITOR = "visitor-"
"""Prefix of the name of every visitor's folder."""

LONGEST_VISIT = 6 * 3600
"""Seconds after which a visitor's folder is deleted in any case."""

UPLOADED = 600
"""Seconds without growth after which an upload's temporary file is deleted. Gradio renames the file
of a complete upload; it leaves an empty one for each, and a partial one for each broken off."""


def need_room(folder: Path, coming: int = 0) -> None:
    """Check that there is room for more files.

    Args:
        folder: where all of them lie; need not exist.
        coming: their bytes, as far as they are known.

    Raises:
        InputError: the folder is full, or the variable is not a whole number.
    """
    if used(folder) + coming >= whole_number(VARIABLE, MEGABYTES) * 1_000_000:
        raise InputError(FULL)


def used(folder: Path) -> int:
    """Return the bytes of all files in a folder and below; files deleted meanwhile count as 0."""
    return sum(_size(Path(where) / name) for where, _, names in os.walk(folder) for name in names)


class Cleanup:
    """Deletes the folders of earlier processes and the files of interrupted uploads.

    Ages are counted by a monotonic clock from the first sweep on, so that a change of the
    machine's time deletes nothing. Only folders from before have their age by that time.

    Args:
        root: the folder with visitors' folders and uploads.
    """

    def __init__(self, root: Path):
        self._root = root
        self._since: dict[tuple[Path, int], float] | None = None

    def sweep(self, mine: Collection[Path]) -> None:
        """Delete folders and files that are too old, except the folders of ``mine``."""
        folders = [(path, 0) for path in self._root.glob(f"{VISITOR}*") if path not in mine]
        unnamed = (path for path in self._root.glob("tmp*") if not path.suffix and path.is_file())
        uploads = [(path, _size(path)) for path in unnamed]
        now = time.monotonic()
        if self._since is None:
            self._since = {seen: now - _age(seen[0]) for seen in folders}
        self._since = {seen: self._since.get(seen, now) for seen in (*folders, *uploads)}
        for folder in folders:
            if now - self._since[folder] > LONGEST_VISIT:
                shutil.rmtree(folder[0], ignore_errors=True)
        for upload in uploads:
            if now - self._since[upload] > UPLOADED:
                upload[0].unlink(missing_ok=True)


def _size(file: Path) -> int:
    """Return the bytes of a file, or of a link itself; 0 where it has just been deleted."""
    try:
        return file.lstat().st_size
    except OSError:
        return 0


def _age(path: Path) -> float:
    """Return the seconds since the last change; 0 where it has just been deleted."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return 0.0
