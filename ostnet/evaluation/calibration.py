"""``ostnet calibrate``: ranges of the convolutions' inputs, for 8-bit inference."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from ostnet.backends.reduced_precision import observed
from ostnet.dataset.manifest import check_identities
from ostnet.errors import InputError
from ostnet.evaluation.data.clips import draw_clips, load_frames, read_clips
from ostnet.evaluation.data.pairs import (
    Pair,
    cross_identity,
    draw_scales,
    first_clips,
    group,
    same_identity,
)
from ostnet.evaluation.method_pictures import augment, to_batch
from ostnet.model.ostnet import OSTNet


@dataclass
class CalibrateConfig:
    """Options of ``ostnet calibrate``."""

    data: Path
    """Folder of clips with manifest.csv (columns file and split; identity, kind and frames where
    known)."""

    checkpoint: Path
    """Folder of the weights; ranges.json is written there."""

    split: str = "train"
    """Split of the manifest to calibrate on; not the one that is evaluated."""

    people: int = 40
    """Number of people, drawn at random; all if the split has fewer."""

    frames: int = 3
    """Number of driving frames from each person's own clip; one more comes from another person."""

    seed: int = 0
    """Seed of the random draws of people and scales."""

    leave_out: tuple[str, ...] = ()
    """Identities of the split that are not used, separated by spaces or commas."""

    def __post_init__(self) -> None:
        for name in ("people", "frames"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: found {getattr(self, name)}, expected 1 or more")


def calibrate(config: CalibrateConfig) -> Path:
    """Write ``ranges.json`` beside the weights and return its path.

    Raises:
        InputError: no clips of the split, no such identity to leave out, or no weights.
    """
    pairs = _drawn(config)
    people = len({pair.person for pair in pairs})
    model = OSTNet.from_pretrained(str(config.checkpoint))
    seen = f"{len(pairs)} pairs of {people} people, split {config.split}, seed {config.seed}"
    pictures = tqdm(_pictures(config.data, pairs), total=len(pairs), unit="pair")
    return observed(model, pictures, seen).write(config.checkpoint)


def _drawn(config: CalibrateConfig) -> list[Pair]:
    check_identities(config.data, config.split, config.leave_out)
    found = read_clips(config.data, config.split)
    clips = {clip.file: clip for clip in first_clips(found) if clip.person not in config.leave_out}
    files = draw_clips(list(clips), min(config.people, len(clips)), config.seed)
    chosen = [clips[file] for file in files]
    pairs = same_identity(chosen, config.frames)
    if len(chosen) > 1:
        pairs += cross_identity(chosen, 1)
    return draw_scales(pairs, config.seed)


def _pictures(data: Path, pairs: list[Pair]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield source and driving picture of each pair, (1, 3, R, R)."""
    for members in group(pairs):
        first = members[0]
        source = to_batch(load_frames(data / first.source, [first.source_frame]), "cpu")
        frames = load_frames(data / first.driving, [pair.frame for pair in members])
        for frame in augment(frames, [(pair.s_x, pair.s_y) for pair in members]):
            yield source, to_batch([frame], "cpu")
