"""What nobody present has made in the page's cache: by earlier processes, and beside uploads."""

import shutil
import time
from collections.abc import Collection
from pathlib import Path

from ostnet.ui.disk import size

VISITOR = "visitor-"
"""How the name of every visitor's folder begins."""

LONGEST_VISIT = 6 * 3600
"""Seconds after which a folder goes even where nobody said goodbye."""

UPLOADED = 600
"""Seconds without growth after which an upload's temporary file goes. gradio renames it when it is
whole; it leaves an empty one of each, and whatever came of those that were broken off."""


class Cleanup:
    """The strange entries of a folder, and since when each has been there.

    The age of what is there already is told by its own time, once; from then on, and for whatever
    comes later, by a clock that nobody sets. So no jump of the machine's time deletes anything.
    """

    def __init__(self, root: Path):
        self._root = root
        self._since: dict[tuple[Path, int], float] | None = None

    def sweep(self, mine: Collection[Path]) -> None:
        """Delete what has been there for too long, but no folder of ``mine``."""
        folders = [(path, 0) for path in self._root.glob(f"{VISITOR}*") if path not in mine]
        unnamed = (path for path in self._root.glob("tmp*") if not path.suffix and path.is_file())
        uploads = [(path, size(path)) for path in unnamed]
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


def _age(path: Path) -> float:
    """Return the seconds since the last change by the machine's time; 0 where it has just gone."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return 0.0
