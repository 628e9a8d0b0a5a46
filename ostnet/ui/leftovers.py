"""What nobody present has made in the page's cache: by earlier processes, and beside uploads."""

import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

VISITOR = "visitor-"
"""How the name of every visitor's folder begins."""

LONGEST_VISIT = 6 * 3600
"""Seconds after which a folder goes even where nobody said goodbye."""

UPLOADED = 600
"""Seconds after which an upload's empty temporary file goes, of which gradio leaves one each."""


class Leftovers:
    """The strange entries of a folder, and since when each has been there.

    The age of what is there already is told by its own time, once; from then on, and for whatever
    comes later, by a clock that nobody sets. So no jump of the machine's time deletes anything.
    """

    def __init__(self, root: Path):
        self._root = root
        ages = {folder: time.time() - _modified(folder) for folder in root.glob(f"{VISITOR}*")}
        self._since = {path: time.monotonic() - max(0, age) for path, age in ages.items()}

    def sweep(self, mine: Collection[Path]) -> None:
        """Delete what has been there for too long, but no folder of ``mine``."""
        folders = [path for path in self._root.glob(f"{VISITOR}*") if path not in mine]
        uploads = list(self._root.glob("tmp*"))
        now = time.monotonic()
        self._since = {path: self._since.get(path, now) for path in (*folders, *uploads)}
        for folder in folders:
            if now - self._since[folder] > LONGEST_VISIT:
                shutil.rmtree(folder, ignore_errors=True)
        for upload in uploads:
            with suppress(FileNotFoundError):  # it has just got its name
                if now - self._since[upload] > UPLOADED and upload.stat().st_size == 0:
                    upload.unlink()


def _modified(path: Path) -> float:
    """When it was changed last, in seconds of the machine's time; now, where it has just gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
