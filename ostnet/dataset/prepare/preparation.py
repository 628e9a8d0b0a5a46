"""``prepare``: every video once, here or on a cluster, then the tables and shards."""

import json
import multiprocessing
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

from tqdm import tqdm

from ostnet.dataset.manifest import write_if_changed, write_manifest
from ostnet.dataset.prepare.annotations import find_videos
from ostnet.dataset.prepare.cutting import cut
from ostnet.dataset.prepare.progress import Store
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.skips import Skip
from ostnet.dataset.prepare.source_videos import Video
from ostnet.dataset.prepare.splits import manifest_rows, write_skips
from ostnet.dataset.prepare.stretch import detector
from ostnet.dataset.shards import write_shards
from ostnet.errors import InputError

Outcome = tuple[int, str | None]
"""Number of a video, and what went wrong with it, if anything."""


@dataclass(frozen=True)
class Summary:
    """What a preparation led to."""

    clips: dict[str, int]
    """Split -> number of clips."""
    people: dict[str, int]
    """Split -> number of identities."""
    skips: int
    """Rows of skipped.csv."""
    shards: int


def prepare(config: PrepareConfig) -> Summary:
    """Write manifest.csv, skipped.csv, settings.json, clips/ and, if asked for, shards/.

    Videos finished by an earlier run are not done again. Raises InputError for inputs that cannot
    be used, or where not one clip is left.
    """
    config = replace(config, detector=detector(config.detector, config.device).name)
    videos, skips = find_videos(config)
    store = Store(config)
    store.open()
    todo = [video for video in videos if not store.has(video)]
    problems = {}
    with tqdm(total=len(videos), initial=len(videos) - len(todo), unit="video") as progress:
        for number, problem in _outcomes(todo, config):
            if problem is not None:
                problems[todo[number].file] = problem
            progress.update()
    results = [store.load(video) for video in videos if video.file not in problems]
    skips += [Skip(file, problem) for file, problem in problems.items()]
    skips += [skip for result in results for skip in result.skips]
    rows = manifest_rows((clip for result in results for clip in result.clips), config)
    write_skips(config.output / "skipped.csv", skips)
    write_manifest(config.output, rows)
    write_if_changed(config.output / "settings.json", _settings(config))
    if not rows:
        raise InputError(
            f"videos: not one clip was worth keeping; '{config.output / 'skipped.csv'}' says why"
        )
    for split in ("train", "val"):
        if all(row["split"] != split for row in rows):
            warnings.warn(f"no clip of split {split}: too few people; try --seed", stacklevel=2)
    shards = write_shards(config.output, rows, config.shard_mb) if config.shards else []
    people = {str(row["identity"]): str(row["split"]) for row in rows}
    return Summary(
        clips=Counter(str(row["split"]) for row in rows),
        people=Counter(people.values()),
        skips=len(skips),
        shards=len(shards),
    )


def work(video: Video, config: PrepareConfig) -> str | None:
    """Do one video and keep its result; None, or what went wrong that was not the video's fault.

    The unit of work of every way to run. Such a problem is not kept: the next run tries again.
    Raises OSError, for instance where the disk is full, since that would meet every video.
    """
    store = Store(config)
    try:
        store.clear(video)
        store.save(video, cut(video, config))
    except OSError:
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _settings(config: PrepareConfig) -> str:
    """What the folder was made with, for its readers."""
    split = {name: getattr(config, name) for name in ("val_share", "test_share", "seed")}
    return json.dumps({**config.clip_settings(), **split}, indent=1) + "\n"


def _outcomes(videos: Sequence[Video], config: PrepareConfig) -> Iterable[Outcome]:
    """Every video's outcome as it comes."""
    if config.ray:
        from ostnet.dataset.prepare.cluster import work_on_cluster

        return work_on_cluster(work, videos, config)
    if config.workers == 1 or len(videos) < 2:
        return ((number, work(video, config)) for number, video in enumerate(videos))
    return _in_processes(work, videos, config)


def _in_processes(
    function: Callable[[Video, PrepareConfig], str | None],
    videos: Sequence[Video],
    config: PrepareConfig,
) -> Iterator[Outcome]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(config.workers, len(videos)), mp_context=context)
    try:
        futures = {
            pool.submit(function, video, config): number for number, video in enumerate(videos)
        }
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise InputError(
            "workers: one of the processes died (out of memory?); run the same command again, "
            "with fewer workers: finished videos are kept"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
