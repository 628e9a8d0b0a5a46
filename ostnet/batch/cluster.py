"""The same work on a Ray cluster: actors that keep their networks."""

from collections import deque
from collections.abc import Iterable, Iterator

from ostnet.batch.job import Job, Outcome
from ostnet.batch.make import Work
from ostnet.ray_cluster import connected_ray


def on_cluster(
    work: Work, jobs: Iterable[Job], workers: int, gpus_per_worker: float = 0.0
) -> Iterator[tuple[Job, Outcome]]:
    """Outcomes of ``work`` for each job, as they come, from so many actors.

    Joins the cluster that RAY_ADDRESS names, or starts one on this machine with one processor for
    each worker. Inputs, weights and results lie in folders that all machines share. An actor that
    dies takes its job with it and nothing else.

    Args:
        work: what an actor does with a job.
        jobs: each goes to one actor.
        workers: actors; each has one processor.
        gpus_per_worker: share of a GPU that each has; .25 puts four on one.

    Raises:
        InputError: Ray is not installed, or its cluster cannot be reached.
    """
    waiting = deque(jobs)
    ray = connected_ray(workers)

    @ray.remote(num_cpus=1, num_gpus=gpus_per_worker)
    class Worker:
        def work(self, job: Job) -> Outcome:
            return work(job)

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
            outcome = Outcome(problem=f"ray: {what}; run the same command again")
            actor = Worker.remote() if waiting else None
        if waiting:
            following = waiting.popleft()
            busy[actor.work.remote(following)] = actor, following
        del actor  # of the last jobs: its processor is free for one that has none yet
        yield job, outcome
