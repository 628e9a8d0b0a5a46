"""Which source picture is driven by which frame, at which scale: drawn by rule and seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip

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
    """How many times wider the driving frame is made."""
    s_y: float = 1.0
    """How many times taller the driving frame is made."""
    roll: float = 0.0
    """Degrees by which the driving frame, and with it the ground truth, is turned clockwise."""
    shift_x: int = 0
    """Pixels by which the driver's window lies to the right of the source's; framing alone."""
    shift_y: int = 0
    """Pixels by which the driver's window lies below the source's; framing alone."""


def same_identity(clips: Sequence[Clip], per_clip: int, total: int | None = None) -> list[Pair]:
    """The first frame of each clip, driven by frames evenly spaced over the rest of the clip.

    total: number of pairs in all, shared evenly among the clips, in place of ``per_clip``.
    """
    return pair_up([(clip, clip) for clip in clips], per_clip, total)


def cross_identity(clips: Sequence[Clip], per_clip: int, total: int | None = None) -> list[Pair]:
    """First frame of each person's first clip, driven by the next person's; the last by the first.

    Raises InputError with fewer than two people.
    """
    people = sorted(first_clips(clips), key=lambda clip: clip.person)
    if len(people) < 2:
        raise InputError(f"data: cross-identity needs two people; found {len(people)}")
    return pair_up(list(zip(people, people[1:] + people[:1], strict=True)), per_clip, total)


def neighbours(clips: Sequence[Clip], count: int) -> list[Pair]:
    """The first frame of each clip, driven by the ``count`` frames that follow it."""
    return renumber(
        Pair(0, clip.person, clip.file, 0, clip.file, frame)
        for clip in clips
        for frame in range(1, min(count + 1, clip.frames))
    )


def first_clips(clips: Sequence[Clip]) -> list[Clip]:
    """The first clip of each person."""
    first = {}
    for clip in clips:
        first.setdefault(clip.person, clip)
    return list(first.values())


def renumber(pairs: Iterable[Pair]) -> list[Pair]:
    """The same pairs, numbered in order."""
    return [replace(pair, pair=number) for number, pair in enumerate(pairs)]


def pair_up(
    couples: Sequence[tuple[Clip, Clip]], per_clip: int, total: int | None = None
) -> list[Pair]:
    """First frame of each couple's source, driven by evenly spaced frames of its driving clip.

    total: number of pairs in all, shared evenly; what a short clip cannot give, longer ones do.
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
    """``total`` in parts as equal as the limits allow, the larger ones first."""
    counts = [0] * len(limits)
    while (left := total - sum(counts)) and (
        room := [i for i, limit in enumerate(limits) if counts[i] < limit]
    ):
        for i, part in zip(room, np.array_split(range(left), len(room)), strict=True):
            counts[i] = min(counts[i] + len(part), limits[i])
    return counts


def spaced_frames(frames: int, count: int) -> list[int]:
    """At most ``count`` indices evenly spaced over 1 .. frames - 1, the last frame among them."""
    if frames < 2 or count < 1:
        return []
    step = (frames - 1) / min(count, frames - 1)
    return [round(step * (i + 1)) for i in range(min(count, frames - 1))]


def draw_scales(pairs: Sequence[Pair], seed: int, per_clip: bool = False) -> list[Pair]:
    """The same pairs with s_x, s_y ~ U(0.7, 1.3), independent; one draw a frame, or one a clip."""
    random = np.random.default_rng(seed)
    drawn, scales, last = [], (1.0, 1.0), None
    for pair in pairs:
        if not per_clip or (pair.source, pair.driving) != last:
            scales = tuple(round(float(s), 4) for s in random.uniform(*SCALE_RANGE, size=2))
            last = (pair.source, pair.driving)
        drawn.append(replace(pair, s_x=scales[0], s_y=scales[1]))
    return drawn


def draw_shifts(pairs: Sequence[Pair], seed: int, largest: int) -> list[Pair]:
    """The same pairs with one shift a clip, each axis -largest to largest, not both 0."""
    random = np.random.default_rng([seed, 2])  # another stream than those of scales and frames
    drawn = []
    for members in group(pairs):
        x = y = 0
        while not (x or y):
            x, y = random.integers(-largest, largest, size=2, endpoint=True).tolist()
        drawn += [replace(pair, shift_x=x, shift_y=y) for pair in members]
    return drawn


def draw_frames(pairs: Sequence[Pair], clips: Sequence[Clip], seed: int) -> list[Pair]:
    """The same pairs of clips with both frames drawn by the seed; within one clip, two frames."""
    random = np.random.default_rng([seed, 1])  # another stream than that of the scales
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
    """Neighbouring pairs of one source picture and one driving clip, together."""
    return [
        list(members)
        for _, members in groupby(pairs, key=lambda p: (p.source, p.source_frame, p.driving))
    ]
