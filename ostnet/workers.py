"""Workers that do jobs: processes of this machine, or actors on a Ray cluster.

The processes are not a ``ProcessPoolExecutor``: there one process that dies ends all others, and
work that has begun cannot be stopped.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from threading import Event
from types import ModuleType
from typing import Generic, TypeVar, cast

from ostnet.errors import InputError

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

Work = Callable[[Job, Callable[[], bool]], Outcome]
"""The function that does a job; it stops once its second argument returns True, and raises no
Exception."""

STOP_SECONDS = 20
"""Seconds that a process gets to delete its unfinished files when it is stopped."""

DIED = "worker: its process died (out of memory?); run the same command again, with fewer workers"


@dataclass
class _Worker(Generic[Job]):
    process: SpawnProcess
    job: Job


def in_processes(
    work: Work[Job, Outcome], jobs: Iterable[Job], workers: int, failed: Callable[[str], Outcome]
) -> Generator[tuple[Job, Outcome], None, None]:
    """Yield each job with its outcome, in the order of completion.

    If a process dies, only its job fails. When the iterator is closed or interrupted, the processes
    stop at once and leave only complete files.

    Args:
        work: what a process does with a job.
        jobs: each goes to one process.
        workers: number of processes.
        failed: makes the outcome of a job from the reason why there is none.
    """
    waiting = deque(jobs)
    crew: dict[Connection, _Worker[Job]] = {}
    try:
        while waiting and len(crew) < workers:
            _start(crew, work, waiting.popleft())
        while crew:
            for ready in wait(list(crew)):
                connection = cast(Connection, ready)
                worker = crew[connection]
                job = worker.job
                try:
                    outcome = connection.recv()
                except (EOFError, OSError):
                    outcome = failed(DIED)
                    del crew[connection]
                    if waiting:
                        _start(crew, work, waiting.popleft())
                else:
                    if waiting:
                        worker.job = waiting.popleft()
                        _give(connection, worker.job)
                    else:
                        connection.close()  # which ends the process
                        del crew[connection]
                        worker.process.join(STOP_SECONDS)
                yield job, outcome
    finally:
        _stop(crew)


def _start(crew: dict[Connection, _Worker], work: Work, job: object) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    with _ctrl_c_held_back():
        process.start()
    theirs.close()
    _give(ours, job)
    crew[ours] = _Worker(process, job)


def _give(connection: Connection, job: object) -> None:
    with suppress(OSError):  # the process has died: the next ``wait`` reports it
        connection.send(job)


def _stop(crew: dict[Connection, _Worker]) -> None:
    """Stop all processes; a busy one stops at the next frame that it reads."""
    for connection, worker in crew.items():
        worker.process.terminate()
        connection.close()
    for worker in crew.values():
        worker.process.join(STOP_SECONDS)
        if worker.process.is_alive():
            worker.process.kill()


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Block SIGINT in processes that are started here: their parent stops them."""
    resource_tracker.ensure_running()  # starting it later would unblock SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, work: Work) -> None:
    """Work until there are no more jobs or the parent has ended."""
    told = Event()  # an exception could be lost in a generator that is being closed
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    with suppress(EOFError, OSError):
        while not told.is_set():
            connection.send(work(connection.recv(), told.is_set))


def on_cluster(
    work: Work[Job, Outcome],
    jobs: Iterable[Job],
    workers: int,
    failed: Callable[[str], Outcome],
    gpus_per_worker: float = 0.0,
) -> Generator[tuple[Job, Outcome], None, None]:
    """Yield each job with its outcome, in the order of completion, from Ray actors.

    Joins the cluster that RAY_ADDRESS names, or starts one on this machine with one processor for
    each worker. Inputs, weights and results must be in folders that all machines share. If an
    actor dies, only its job fails.

    Args:
        work: what an actor does with a job.
        jobs: each goes to one actor.
        workers: actors; each has one processor.
        failed: makes the outcome of a job from the reason why there is none.
        gpus_per_worker: share of a GPU that each has; .25 puts four on one.

    Raises:
        InputError: Ray is not installed, or its cluster cannot be reached.
    """
    waiting = deque(jobs)
    ray = connected_ray(workers)

    @ray.remote(num_cpus=1, num_gpus=gpus_per_worker)
    class Worker:
        def work(self, job: Job) -> Outcome:
            return work(job, lambda: False)

    busy = {}
    for _ in range(min(workers, len(waiting))):
        actor, job = Worker.remote(), waiting.popleft()
        busy[actor.work.remote(job)] = actor, job
    while busy:
        (done, *_), _ = ray.wait(list(busy))
        actor, job = busy.pop(done)
        try:
            outcome = ray.get(done)
        except ray.exceptions.RayError as error:
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            outcome = failed(f"ray: {what}; run the same command again")
            actor = Worker.remote() if waiting else None
        if waiting and actor:
            following = waiting.popleft()
            busy[actor.work.remote(following)] = actor, following
        del actor  # frees its processor for an actor that waits for one
        yield job, outcome


def connected_ray(workers: int) -> ModuleType:
    """Return the ``ray`` module, connected to the cluster that RAY_ADDRESS names.

    Without that variable it starts a cluster of ``workers`` processors on this machine.

    Raises:
        InputError: Ray is not installed, or its cluster cannot be reached.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise InputError(
            f"ray: the module {error.name!r} is missing; install it with pip install 'ostnet[ray]'"
        ) from error
    if not ray.is_initialized():
        here = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers}
        try:
            ray.init(log_to_driver=False, logging_level="error", **here)
        except (ConnectionError, ValueError, RuntimeError) as error:
            what = str(error).splitlines()[0]
            raise InputError(f"ray: no cluster ({what}); check RAY_ADDRESS") from error
    return ray
