"""Preparation of all videos, in processes or on a Ray cluster, then tables and shards."""

import json
import pickle
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from tqdm import tqdm

from ostnet.dataset.manifest import write_if_changed, write_manifest
from ostnet.dataset.prepare.annotations import find_videos
from ostnet.dataset.prepare.cutting import cut, detector
from ostnet.dataset.prepare.results import Store, manifest_rows, write_skips
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.videos import Skip, Video
from ostnet.dataset.shards import write_shards
from ostnet.errors import InputError
from ostnet.workers import connected_ray, in_processes

Outcome = tuple[Video, str | OSError | None]
"""A video, and its error or None."""

MOST_BLOCKS = 2000
"""Largest number of portions of videos on a Ray cluster."""


@dataclass(frozen=True)
class Summary:
    """Numbers of a finished preparation."""

    clips: dict[str, int]
    """Split -> number of clips."""
    people: dict[str, int]
    """Split -> number of identities."""
    skips: int
    """Number of rows of skipped.csv."""
    shards: int


def prepare(config: PrepareConfig) -> Summary:
    """Write manifest.csv, skipped.csv, settings.json, clips/ and, if configured, shards/.

    Videos that an earlier run finished are kept. Raises InputError for unusable inputs, or if no
    clip is left.
    """
    config = replace(config, detector=detector(config.detector, config.device).name)
    videos, skips = find_videos(config)
    store = Store(config)
    store.open()
    todo = [video for video in videos if not store.has(video)]
    problems = {}
    progress = tqdm(total=len(videos), initial=len(videos) - len(todo), unit="video")
    with progress, closing(_outcomes(todo, config)) as outcomes:
        for video, problem in outcomes:
            if isinstance(problem, OSError):
                raise problem
            if problem is not None:
                problems[video.file] = problem
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
            f"videos: no clip met the settings; see '{config.output / 'skipped.csv'}' for reasons"
        )
    for split in ("train", "val"):
        if all(row["split"] != split for row in rows):
            warnings.warn(
                f"split {split} has no clip: too few people; try another --seed", stacklevel=2
            )
    shards = write_shards(config.output, rows, config.shard_mb) if config.shards else []
    people = {str(row["identity"]): str(row["split"]) for row in rows}
    return Summary(
        clips=Counter(str(row["split"]) for row in rows),
        people=Counter(people.values()),
        skips=len(skips),
        shards=len(shards),
    )


def work(video: Video, stopped: Callable[[], bool], config: PrepareConfig) -> str | OSError | None:
    """Prepare one video and store its result; return None, or an unexpected error.

    The next run tries again after such an error. An OSError, such as a full disk, would affect
    every video.
    """
    store = Store(config)
    try:
        store.clear(video)
        store.save(video, cut(video, config, stopped))
    except OSError as error:
        return error
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _settings(config: PrepareConfig) -> str:
    """Return the settings as JSON."""
    split = {name: getattr(config, name) for name in ("val_share", "test_share", "seed")}
    return json.dumps({**config.clip_settings(), **split}, indent=1) + "\n"


def _outcomes(videos: Sequence[Video], config: PrepareConfig) -> Generator[Outcome, None, None]:
    """Yield the outcome of each video as it is finished."""
    if config.ray:
        yield from _on_cluster(videos, config)
    elif config.workers == 1 or len(videos) < 2:
        yield from ((video, work(video, lambda: False, config)) for video in videos)
    else:
        yield from in_processes(partial(work, config=config), videos, config.workers, str)


def _on_cluster(videos: Sequence[Video], config: PrepareConfig) -> Iterator[Outcome]:
    """Yield the outcomes of all videos from the cluster of RAY_ADDRESS or of this machine.

    All machines must share the folders. Raises InputError where Ray is missing or fails.
    """
    if not videos:
        return
    ray = connected_ray(config.workers)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def step(row: dict) -> dict:
        outcome = work(pickle.loads(row["video"]), lambda: False, config)
        return {"number": row["number"], "outcome": pickle.dumps(outcome)}

    items = [
        {"number": number, "video": pickle.dumps(video)} for number, video in enumerate(videos)
    ]
    parts = ray.data.from_items(items, override_num_blocks=min(len(items), MOST_BLOCKS))
    try:
        for row in parts.map(step, num_cpus=1).iter_rows():
            yield videos[int(row["number"])], pickle.loads(row["outcome"])
    except ray.exceptions.RayError as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(
            f"ray: the cluster failed ({what}); "
            "run the same command again: finished videos are kept"
        ) from error
