"""Sources of a run's pairs: frames held in memory, or a stream of shards."""

from dataclasses import replace
from pathlib import Path

import torch

from ostnet.dataset.manifest import read_rows
from ostnet.dataset.shards import find_shards, unpack
from ostnet.errors import InputError
from ostnet.training.config import TrainConfig
from ostnet.training.frame_store import FrameStore
from ostnet.training.parallel import Processes
from ostnet.training.shard_stream import ShardStream

_VALIDATION_FRAMES = 13
_VALIDATION_CLIPS = 64  # clips of shards that validation uses where there are no clips as files
FIRST_CLIPS = 8  # training starts when this many clips are decoded


def open_training(
    config: TrainConfig, processes: Processes, updates: int
) -> FrameStore | ShardStream:
    """Open split ``train`` and start to decode it; ``updates`` seeds a resumed stream.

    On a CPU the processes of a machine share one file of decoded frames, which the first of them
    writes. Several processes draw the same global batch only from a complete store: they wait here.
    """
    if config.stream:
        return ShardStream(config, processes.device, processes.rank, processes.count, updates)
    if not (Path(config.data) / "clips").exists() and (Path(config.data) / "shards").is_dir():
        raise InputError(f"data folder {config.data}: holds only shards; add --stream")

    def make() -> FrameStore:
        store = FrameStore(config, "train", processes.device)
        if processes.count > 1:
            store.wait()
        return store

    return processes.first_here_first(make) if processes.device.type == "cpu" else make()


def open_validation(config: TrainConfig, device: torch.device) -> FrameStore:
    """Return some frames of each clip of split ``val``: files of the manifest, or of shards."""
    folder = Path(config.data)
    if config.stream and not _has_files(folder):
        folder = unpack(folder, "val", _VALIDATION_CLIPS, Path(config.output) / "state" / "val")
    limits = {"leave_out": (), "max_frames_per_clip": _VALIDATION_FRAMES}
    store = FrameStore(replace(config, data=str(folder), **limits), "val", device)
    store.wait()
    return store


def check_validation(config: TrainConfig) -> None:
    """Check that split ``val`` has files or shards; raises InputError otherwise."""
    try:
        if config.stream and not _has_files(Path(config.data)):
            find_shards(config.data, "val")
        else:
            read_rows(Path(config.data), "val")
    except InputError as error:
        raise InputError(f"{error}; or train without validation: --val-minutes 0") from error


def _has_files(folder: Path) -> bool:
    try:
        return bool(read_rows(folder, "val"))
    except InputError:
        return False
