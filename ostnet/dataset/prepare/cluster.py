"""The same work on a Ray cluster, with Ray Data."""

import pickle
from collections.abc import Callable, Iterator, Sequence

from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.source_videos import Video
from ostnet.errors import InputError
from ostnet.ray_cluster import connected_ray

MOST_BLOCKS = 2000
"""Ray Data hands videos out in so many portions at most: enough to keep a cluster busy."""


def work_on_cluster(
    function: Callable[[Video, PrepareConfig], str | None],
    videos: Sequence[Video],
    config: PrepareConfig,
) -> Iterator[tuple[int, str | None]]:
    """Outcomes of ``function`` for each video, by the video's number, as they come.

    Joins the cluster that RAY_ADDRESS names, or starts one on this machine with ``workers``
    processes. Videos and results lie in folders that all machines share. An OSError of
    ``function`` ends the work here as well. Raises InputError without Ray, or where it fails.
    """
    if not videos:
        return
    ray = connected_ray(config.workers)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def step(row: dict) -> dict:
        problem = stop = None
        try:
            problem = function(pickle.loads(row["video"]), config)
        except OSError as error:
            stop = str(error)
        return {"number": row["number"], "problem": problem or "", "stop": stop or ""}

    items = [
        {"number": number, "video": pickle.dumps(video)} for number, video in enumerate(videos)
    ]
    parts = ray.data.from_items(items, override_num_blocks=min(len(items), MOST_BLOCKS))
    try:
        for row in parts.map(step, num_cpus=1).iter_rows():
            if row["stop"]:
                raise OSError(row["stop"])
            yield int(row["number"]), row["problem"] or None
    except ray.exceptions.RayError as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(
            f"ray: the cluster failed ({what}); "
            "run the same command again: finished videos are kept"
        ) from error
