"""Resources that the page's process holds, every few seconds."""

import csv
import os
import threading
import time
from pathlib import Path

import psutil
from running_page import RunningPage, size

COLUMNS = ["seconds", "memory_mb", "open_files", "threads", "children", "files", "megabytes"]


class Watch:
    """A thread that writes ``machine.csv`` until its block ends."""

    def __init__(self, page: RunningPage, path: Path, every: float = 3.0):
        self.page, self.path, self.every = page, path, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._started = time.monotonic()

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._over.set()
        self._thread.join()

    def row(self) -> list[float]:
        """One line of the table."""
        process = psutil.Process(self.page.process.pid)
        sizes = [
            size(Path(folder) / name)
            for folder, _, names in os.walk(self.page.folder)
            for name in names
        ]
        return [
            round(time.monotonic() - self._started, 1),
            round(process.memory_info().rss / 1e6, 1),
            process.num_fds(),
            process.num_threads(),
            len(process.children(recursive=True)),
            sum(one > 0 for one in sizes),
            round(sum(sizes) / 1e6, 2),
        ]

    def _run(self) -> None:
        with self.path.open("w", newline="") as table:
            writer = csv.writer(table)
            writer.writerow(COLUMNS)
            while not self._over.wait(self.every):
                writer.writerow(self.row())
                table.flush()
