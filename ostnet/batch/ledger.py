"""The output folder of a batch: its lock, ``manifest.csv`` and ``failures.csv``."""

import csv
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ostnet.batch.job import Hashes, Job, Outcome, file_hash
from ostnet.errors import InputError
from ostnet.files import write_text

MANIFEST, FAILURES = "manifest.csv", "failures.csv"
COLUMNS = (
    "name", "source", "driving", "seconds", "frames", "scale_x", "scale_y", "held", "warnings",
    "source_sha256", "driving_sha256", "weights_sha256", "job_sha256", "sha256",
)  # fmt: skip
"""Columns of the manifest: ``scale_*`` are medians, ``sha256`` is that of the result."""


LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder until the block ends; make it if it is missing.

    The operating system releases the lock when the process dies.

    Raises:
        InputError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"output: another batch is writing to '{folder}'; wait until it ends, or choose "
            "another folder"
        ) from error
    try:
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        lock.release()


class Ledger:
    """The tables of an output folder.

    A finished job gets its line at once, so a run that is killed loses only unfinished jobs. An
    incomplete last line is ignored.

    Raises:
        InputError: the folder has another kind of manifest.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for rest in folder.glob(".ostnet-*"):  # incomplete files of a killed run
            shutil.rmtree(rest, ignore_errors=True)
        self._rows = _read(folder / MANIFEST)
        self._write(self._rows.values())

    def has(self, job: Job, hashes: Hashes) -> bool:
        """Return whether the job's result exists, complete and made from the same inputs."""
        row, file = self._rows.get(job.name), self.folder / job.file
        return (
            row is not None
            and row["job_sha256"] == hashes.job
            and file.is_file()
            and row["sha256"] == file_hash(file)
        )

    def forget(self, job: Job) -> None:
        """Delete an outdated result and its line; files that are not in the manifest stay."""
        if self._rows.pop(job.name, None):
            self._write(self._rows.values())
            (self.folder / job.file).unlink(missing_ok=True)

    def add(self, job: Job, hashes: Hashes, outcome: Outcome) -> None:
        """Add the line of a finished job."""
        row = {
            "name": job.name,
            "source": job.source,
            "driving": job.driving,
            "seconds": f"{outcome.seconds:.2f}",
            "frames": outcome.frames,
            "scale_x": f"{outcome.scale[0]:.4f}",
            "scale_y": f"{outcome.scale[1]:.4f}",
            "held": outcome.held,
            "warnings": " | ".join(outcome.warnings),
            "source_sha256": hashes.source,
            "driving_sha256": hashes.driving,
            "weights_sha256": hashes.weights,
            "job_sha256": hashes.job,
            "sha256": file_hash(self.folder / job.file),
        }
        self._rows[job.name] = {column: str(value) for column, value in row.items()}
        with (self.folder / MANIFEST).open("a", encoding="utf-8") as file:
            file.write(_table(COLUMNS, [row], header=False))
            file.flush()
            os.fsync(file.fileno())

    def close(self, order: Iterable[str], failures: Mapping[str, str]) -> None:
        """Sort the lines by the order of the jobs, unknown ones last, and write the failures."""
        places = {name: place for place, name in enumerate(order)}
        last = len(places)
        self._write(sorted(self._rows.values(), key=lambda row: places.get(str(row["name"]), last)))
        failed = sorted(failures.items(), key=lambda item: places.get(item[0], last))
        rows = [{"name": name, "reason": reason} for name, reason in failed]
        write_text(self.folder / FAILURES, _table(("name", "reason"), rows))

    def _write(self, rows: Iterable[Mapping[str, object]]) -> None:
        write_text(self.folder / MANIFEST, _table(COLUMNS, rows))


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return complete lines by name."""
    if not path.is_file():
        return {}
    other = f"output: '{path}' is not the manifest of a batch; choose another folder"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise InputError(other)
            return {row["name"]: row for row in reader if len(row["sha256"] or "") == 64}
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(other) from error


def _table(
    columns: tuple[str, ...], rows: Iterable[Mapping[str, object]], header: bool = True
) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
