"""Pairs of source picture and driving frame, drawn by rule and seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip


@dataclass(kw_only=True)
class PairOptions:
    """Options of the draw; numbers below 1 raise InputError."""

    pairs: int | None = None
    """Total number of pairs (source picture, driving frame), spread evenly over the clips; a
    protocol may use each pair at several scales. Default: set by ``frames``. stability uses only
    ``frames``."""

    random_frames: bool = False
    """Draw both frames of every pair at random, as in DaGAN's and MCNet's lists. Without it, evenly
    spaced frames drive the first one. For same-scale, different-scale, cross-identity, embedding
    and probe."""

    seed: int = 0
    """Seed of all random draws: clips, frames, scales and shifts."""

    frames: int | None = None
    """Driving frames per clip; default: the protocol's own number, which is 12 for same-scale,
    different-scale and cross-identity."""

    scale_per_clip: bool = False
    """Draw one scale per driving clip instead of one per frame."""

    def __post_init__(self):
        for name in ("pairs", "frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name}: found {value}, expected at least 1")


SCALE_RANGE = (0.7, 1.3)
"""Range of the paper's expression-preserved augmentation."""


@dataclass(frozen=True)
class Pair:
    """One source picture and one driving frame."""

    pair: int
    """Number within the list."""
    person: str
    """Identity of the source; intervals are drawn over people."""
    source: str
    """Clip of the source, path below the data folder."""
    source_frame: int
    driving: str
    """Clip of the driver."""
    frame: int
    """Index of the driving frame."""
    s_x: float = 1.0
    """Factor by which the driving frame is made wider."""
    s_y: float = 1.0
    """Factor by which the driving frame is made taller."""
    roll: float = 0.0
    """Degrees by which the driving frame, and with it the ground truth, is turned clockwise."""
    shift_x: int = 0
    """Pixels from the source's window to the driver's, to the right; in protocol framing."""
    shift_y: int = 0
    """Pixels from the source's window to the driver's, downwards; in protocol framing."""


def same_identity(clips: Sequence[Clip], per_clip: int, total: int | None = None) -> list[Pair]:
    """Pair the first frame of each clip with frames evenly spaced over the rest of the clip.

    total: number of pairs in all, shared evenly among the clips, in place of ``per_clip``.
    """
    return pair_up([(clip, clip) for clip in clips], per_clip, total)


def cross_identity(clips: Sequence[Clip], per_clip: int, total: int | None = None) -> list[Pair]:
    """Let each person's first clip be driven by the next person's, the last by the first's.

    Raises InputError with fewer than two people.
    """
    people = sorted(first_clips(clips), key=lambda clip: clip.person)
    if len(people) < 2:
        raise InputError(f"data: cross-identity needs at least two people; found {len(people)}")
    return pair_up(list(zip(people, people[1:] + people[:1], strict=True)), per_clip, total)


def neighbours(clips: Sequence[Clip], count: int) -> list[Pair]:
    """Pair the first frame of each clip with the ``count`` frames that follow it."""
    return renumber(
        Pair(0, clip.person, clip.file, 0, clip.file, frame)
        for clip in clips
        for frame in range(1, min(count + 1, clip.frames))
    )


def first_clips(clips: Sequence[Clip]) -> list[Clip]:
    """Return the first clip of each person."""
    first = {}
    for clip in clips:
        first.setdefault(clip.person, clip)
    return list(first.values())


def renumber(pairs: Iterable[Pair]) -> list[Pair]:
    """Return the same pairs, numbered in order."""
    return [replace(pair, pair=number) for number, pair in enumerate(pairs)]


def pair_up(
    couples: Sequence[tuple[Clip, Clip]], per_clip: int, total: int | None = None
) -> list[Pair]:
    """Pair each couple's first source frame with evenly spaced frames of its driving clip.

    total: number of pairs in all, shared evenly; longer clips make up for short ones.
    """
    counts = [per_clip] * len(couples)
    if total is not None:
        if total < len(couples):
            kept = np.linspace(0, len(couples) - 1, total).round().astype(int)
            couples = [couples[i] for i in kept]
        counts = _share(total, [driving.frames - 1 for _, driving in couples])
    pairs = []
    for (source, driving), count in zip(couples, counts, strict=True):
        for frame in spaced_frames(driving.frames, count):
            pairs.append(Pair(len(pairs), source.person, source.file, 0, driving.file, frame))
    return pairs


def _share(total: int, limits: Sequence[int]) -> list[int]:
    """Split ``total`` into parts as equal as the limits allow, the larger ones first."""
    counts = [0] * len(limits)
    while (left := total - sum(counts)) and (
        room := [i for i, limit in enumerate(limits) if counts[i] < limit]
    ):
        for i, part in zip(room, np.array_split(range(left), len(room)), strict=True):
            counts[i] = min(counts[i] + len(part), limits[i])
    return counts


def spaced_frames(frames: int, count: int) -> list[int]:
    """Return at most ``count`` indices evenly spaced over 1 .. frames - 1, the last included."""
    if frames < 2 or count < 1:
        return []
    step = (frames - 1) / min(count, frames - 1)
    return [round(step * (i + 1)) for i in range(min(count, frames - 1))]


def draw_scales(pairs: Sequence[Pair], seed: int, per_clip: bool = False) -> list[Pair]:
    """Return the pairs with independent s_x, s_y ~ U(0.7, 1.3), drawn per frame or per clip."""
    random = np.random.default_rng(seed)
    drawn, scales, last = [], (1.0, 1.0), None
    for pair in pairs:
        if not per_clip or (pair.source, pair.driving) != last:
            scales = tuple(round(float(s), 4) for s in random.uniform(*SCALE_RANGE, size=2))
            last = (pair.source, pair.driving)
        drawn.append(replace(pair, s_x=scales[0], s_y=scales[1]))
    return drawn


def draw_shifts(pairs: Sequence[Pair], seed: int, largest: int) -> list[Pair]:
    """Return the pairs with one shift per clip, each axis -largest to largest, not both 0."""
    random = np.random.default_rng([seed, 2])  # independent of scales and frames
    drawn = []
    for members in group(pairs):
        x = y = 0
        while not (x or y):
            x, y = random.integers(-largest, largest, size=2, endpoint=True).tolist()
        drawn += [replace(pair, shift_x=x, shift_y=y) for pair in members]
    return drawn


def draw_frames(pairs: Sequence[Pair], clips: Sequence[Clip], seed: int) -> list[Pair]:
    """Return the pairs with both frames drawn by the seed; two frames where the clip is one."""
    random = np.random.default_rng([seed, 1])  # independent of the random numbers for scales
    frames = {clip.file: clip.frames for clip in clips}
    drawn = []
    for pair in pairs:
        within = pair.source == pair.driving
        source = int(random.integers(frames[pair.source]))
        frame = int(random.integers(frames[pair.driving] - within))
        frame += within and frame >= source
        drawn.append(replace(pair, source_frame=source, frame=frame))
    return drawn


def group(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Group neighbouring pairs of one source picture and one driving clip."""
    return [
        list(members)
        for _, members in groupby(pairs, key=lambda p: (p.source, p.source_frame, p.driving))
    ]
