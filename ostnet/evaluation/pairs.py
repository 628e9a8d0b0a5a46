"""Pair lists: which source picture is driven by which frame, at which scale. Seeded, as CSV."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.clips import Clip

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


def same_identity(clips: Sequence[Clip], per_clip: int, total: int | None = None) -> list[Pair]:
    """The first frame of each clip, driven by frames evenly spaced over the rest of the clip.

    total: number of pairs in all, shared evenly among the clips, in place of ``per_clip``.
    """
    return _pair_up([(clip, clip) for clip in clips], per_clip, total)


def cross_identity(clips: Sequence[Clip], per_clip: int, total: int | None = None) -> list[Pair]:
    """First frame of each person's first clip, driven by the next person's; the last by the first.

    Raises InputError with fewer than two people.
    """
    people = sorted(first_clips(clips), key=lambda clip: clip.person)
    if len(people) < 2:
        raise InputError(f"data: cross-identity needs two people; found {len(people)}")
    return _pair_up(list(zip(people, people[1:] + people[:1], strict=True)), per_clip, total)


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


def _pair_up(couples: Sequence[tuple[Clip, Clip]], per_clip: int, total: int | None) -> list[Pair]:
    counts = [per_clip] * len(couples)
    if total is not None:
        if total < len(couples):
            kept = np.linspace(0, len(couples) - 1, total).round().astype(int)
            couples = [couples[i] for i in kept]
        counts = [len(part) for part in np.array_split(range(total), len(couples))]
    pairs = []
    for (source, driving), count in zip(couples, counts, strict=True):
        for frame in spaced_frames(driving.frames, count):
            pairs.append(Pair(len(pairs), source.person, source.file, 0, driving.file, frame))
    return pairs


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


def group(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Neighbouring pairs of one source picture and one driving clip, together."""
    return [
        list(members)
        for _, members in groupby(pairs, key=lambda p: (p.source, p.source_frame, p.driving))
    ]


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """Write a pair list; the columns are the fields of Pair."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Pair)])
        writer.writeheader()
        writer.writerows(asdict(pair) for pair in pairs)


def read_pairs(path: Path, people: dict[str, str] | None = None) -> list[Pair]:
    """Read a pair list with at least the columns source, driving and frame.

    people: identity by clip, for lists without a ``person`` column (default: the source's name).
    Raises InputError for a missing file or column, or for a value that is not a number.
    """
    if not path.is_file():
        raise InputError(f"pair list: {path} does not exist; give a CSV file")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = {"source", "driving", "frame"} - set(rows[0] if rows else ())
    if missing:
        raise InputError(f"pair list: {path} lacks the columns {sorted(missing)}; add them")
    people = people or {}
    try:
        return [
            Pair(
                pair=int(row.get("pair") or number),
                person=row.get("person") or people.get(row["source"], row["source"]),
                source=row["source"],
                source_frame=int(row.get("source_frame") or 0),
                driving=row["driving"],
                frame=int(row["frame"]),
                s_x=float(row.get("s_x") or 1.0),
                s_y=float(row.get("s_y") or 1.0),
                roll=float(row.get("roll") or 0.0),
            )
            for number, row in enumerate(rows)
        ]
    except ValueError as error:
        raise InputError(f"pair list: {path} holds a value that is no number ({error})") from error
