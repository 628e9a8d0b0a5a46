"""One batch: its jobs, its progress and its summary."""

import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ostnet.batch.job import Hashes, Job, Outcome, hashes, make
from ostnet.batch.ledger import FAILURES, Ledger, locked
from ostnet.errors import InputError
from ostnet.files import check_outputs
from ostnet.workers import in_processes, on_cluster


@dataclass(frozen=True)
class BatchConfig:
    """Options of a batch; none of them changes a result."""

    output: Path
    """Folder for NAME.mp4 of each job, manifest.csv and failures.csv. Jobs whose result is already
    there are skipped."""

    workers: int = 1
    """Number of processes; each loads its own networks."""

    ray: bool = False
    """Run the processes on a Ray cluster (RAY_ADDRESS, or this machine). All its machines must find
    the files under the same paths."""

    gpus_per_worker: float | None = None
    """Share of a GPU that each process gets, for instance .25; needs ray."""

    def __post_init__(self):
        if self.output.exists() and not self.output.is_dir():
            raise InputError(f"output: {str(self.output)!r} is a file; give a folder")
        check_outputs(self.output)
        if self.workers < 1:
            raise InputError(f"workers: found {self.workers}, expected at least 1")
        if self.gpus_per_worker is None:
            return
        if not self.ray:
            raise InputError(
                "gpus-per-worker: works only with Ray; add --ray, or choose a GPU with --device"
            )
        if not 0 <= self.gpus_per_worker < float("inf"):
            raise InputError(
                f"gpus-per-worker: found {self.gpus_per_worker}, expected at least 0, such as .25"
            )


@dataclass(frozen=True)
class Summary:
    """The outcome of a batch."""

    made: int
    kept: int
    """Finished by earlier runs."""

    failed: int
    warned: int
    """Jobs finished with a warning; the manifest has its text."""


class FailedJobsError(InputError):
    """Some of the jobs failed; the others are done."""

    exit_code = 1


def run(jobs: Sequence[Job], config: BatchConfig, refused: Mapping[str, str]) -> Summary:
    """Make the videos that do not exist yet.

    Args:
        jobs: with names that differ.
        config: the output folder and the number of workers.
        refused: jobs that could not be read, name -> reason; they count as failures.

    Raises:
        InputError: a result would overwrite an input, the output folder holds something else,
            another batch is writing it, or the cluster cannot be reached.
    """
    _refuse_overwriting(jobs, config.output)
    with locked(config.output):
        return _run(jobs, config, refused)


def _run(jobs: Sequence[Job], config: BatchConfig, refused: Mapping[str, str]) -> Summary:
    ledger = Ledger(config.output)
    todo: dict[str, Hashes] = {}
    failures = dict(refused)
    waiting, kept = [], 0
    for job in jobs:
        try:
            made_from = hashes(job)
        except OSError as error:
            failures[job.name] = f"{error.filename}: {error.strerror}; check the file"
            continue
        except InputError as error:
            failures[job.name] = str(error)
            continue
        if ledger.has(job, made_from):
            kept += 1
            continue
        ledger.forget(job)
        todo[job.name] = made_from
        waiting.append(job)
    made = warned = 0
    total = len(jobs) + len(refused)
    progress = Progress(total, total - len(waiting), len(failures))
    try:
        with closing(_outcomes(waiting, config)) as outcomes:
            for job, outcome in outcomes:
                if outcome.problem is None:
                    ledger.add(job, todo[job.name], outcome)
                    made, warned = made + 1, warned + bool(outcome.warnings)
                else:
                    failures[job.name] = outcome.problem
                progress.count(failed=outcome.problem is not None)
    finally:
        progress.close()
        ledger.close([*(job.name for job in jobs), *refused], failures)
    return Summary(made, kept, len(failures), warned)


def complain(summary: Summary, output: Path) -> None:
    """Raise an error if some jobs failed.

    Raises:
        FailedJobsError: there were failures.
    """
    if summary.failed:
        raise FailedJobsError(
            f"jobs: {summary.failed} failed, {summary.made + summary.kept} are done; "
            f"for the reasons see '{output / FAILURES}'"
        )


def _outcomes(jobs: list[Job], config: BatchConfig) -> Generator[tuple[Job, Outcome], None, None]:
    work = partial(make, folder=config.output.absolute())
    if config.ray:
        return on_cluster(work, jobs, config.workers, Outcome, config.gpus_per_worker or 0.0)
    work = partial(work, processes=min(config.workers, len(jobs)))
    return in_processes(work, jobs, config.workers, Outcome)


def _refuse_overwriting(jobs: Sequence[Job], output: Path) -> None:
    read = {path.resolve() for job in jobs for path in (job.source, job.driving)}
    for job in jobs:
        if (path := output / job.file).resolve() in read:
            raise InputError(
                f"output: '{path}' is also an input; choose another folder or rename the job"
            )


LOG_SECONDS = 30
"""Seconds between lines where standard error is no terminal."""


class Progress:
    """Shows the progress of a batch on standard error: one line on a terminal, else a log.

    Args:
        total: number of jobs.
        ended: number of jobs that were done or had failed at the start.
        failed: number of those that had failed.
    """

    def __init__(self, total: int, ended: int, failed: int):
        self.total, self.done, self.failed = total, ended, failed
        self._begun = ended
        self._started = self._told = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._show()

    def count(self, failed: bool) -> None:
        """Count one more finished job."""
        self.done += 1
        self.failed += failed
        if self._terminal or time.monotonic() - self._told > LOG_SECONDS:
            self._show()

    def close(self) -> None:
        """Clear the line."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _show(self) -> None:
        self._told = time.monotonic()
        if self._terminal:
            print(f"\r\033[K{self._text()}", end="", file=sys.stderr, flush=True)
        elif self.done > self._begun:
            print(f"ostnet: {self._text()}", file=sys.stderr, flush=True)

    def _text(self) -> str:
        text = f"{self.done}/{self.total} jobs"
        if self.failed:
            text += f", {self.failed} failed"
        made, seconds = self.done - self._begun, time.monotonic() - self._started
        if made:
            left = seconds / made * (self.total - self.done)
            text += f", {60 * made / seconds:.1f} a minute, {left / 60:.0f} min left"
        return text
