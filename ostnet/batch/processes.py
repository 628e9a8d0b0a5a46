"""The work on this machine: processes that take one job after the other.

Not a ``ProcessPoolExecutor``: there one process that dies ends all others, and work that has begun
cannot be stopped.
"""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import NoReturn

from ostnet.batch.job import Job, Outcome
from ostnet.batch.make import Work

PATIENCE = 20
"""Seconds that a process has to take its unfinished files away when it is told to stop."""

DIED = Outcome(
    problem="worker: its process died (out of memory?); run the same command again, "
    "with fewer workers"
)


@dataclass
class _Worker:
    process: SpawnProcess
    job: Job


def in_processes(work: Work, jobs: Iterable[Job], workers: int) -> Iterator[tuple[Job, Outcome]]:
    """Outcomes of ``work`` for each job, as they come, from so many processes.

    A process that dies takes its job with it and nothing else. When the iterator is closed, or
    Ctrl-C ends it, the processes stop at once and leave only whole files.
    """
    waiting, crew = deque(jobs), {}
    share = min(workers, len(waiting))
    try:
        while waiting and len(crew) < share:
            _start(crew, work, waiting.popleft(), share)
        while crew:
            for connection in wait(list(crew)):
                worker = crew[connection]
                job = worker.job
                try:
                    outcome = connection.recv()
                except (EOFError, OSError):
                    outcome = DIED
                    del crew[connection]
                    if waiting:
                        _start(crew, work, waiting.popleft(), share)
                else:
                    if waiting:
                        worker.job = waiting.popleft()
                        _give(connection, worker.job)
                    else:
                        connection.close()  # the process ends
                        del crew[connection]
                        worker.process.join(PATIENCE)
                yield job, outcome
    finally:
        _stop([worker.process for worker in crew.values()])


def _start(crew: dict, work: Work, job: Job, share: int) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work, share), daemon=True)
    with _ctrl_c_held_back():
        process.start()
    theirs.close()
    _give(ours, job)
    crew[ours] = _Worker(process, job)


def _give(connection: Connection, job: Job) -> None:
    with suppress(OSError):  # of a process that has died, which the next look at it finds out
        connection.send(job)


def _stop(processes: list[SpawnProcess]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """A process that is started here never gets it, nor do its own: it is told to stop by us."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, work: Work, share: int) -> None:
    """What a process does until there are no more jobs, or its parent is gone."""
    signal.signal(signal.SIGTERM, _leave)

    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() // share))
    try:
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, OSError):
        return


def _leave(number: int, frame: object) -> NoReturn:
    """Unwind, so that unfinished files go."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(128 + number)
