"""Pair lists as CSV: written beside every result, read from other projects or from this package.

A list names pictures and clips; ``Locator`` finds them in the data set.
"""

import csv
import math
import warnings
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from pathlib import Path

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import (
    NAMINGS,
    PICTURES,
    VIDEOS,
    Clip,
    Dataset,
    clip_name,
    count_frames,
    frame_files,
    frame_number,
    id_of,
)
from ostnet.evaluation.data.pairs import Pair, pair_up

COMMITTED = Path(__file__).parent / "pair_lists"
"""One folder per collection: clips.csv and, by protocol, the lists that seed 0 draws from it."""


@dataclass(frozen=True)
class Place:
    """One source or driving picture, or a whole clip."""

    clip: Clip
    """The video, folder of frames, or picture (a clip of one frame)."""
    frame: int | None = None
    """Index of the frame, if the name has one; None for the name of a clip."""


class Locator:
    """Finds names below the folder of a data set.

    A name may start with folders of another machine; the longest suffix that matches is used. Names
    may be those of the clips of the data set, with or without their ending; of their frames,
    as ``clip/0000012.png`` with or without its ending, also where the clip is stored as a video
    (numbers count from 0, as in DaGAN's and MCNet's lists); and of any video or picture below
    the folder or its split's.
    """

    def __init__(self, dataset: Dataset):
        self.dataset = dataset
        self.by_file = {clip.file: clip for clip in dataset.clips}
        self.by_name = defaultdict(list)
        for clip in dataset.clips:
            self.by_name[clip_name(clip.file)].append(clip)
        self._frames: dict[str, dict[str | int | None, int]] = {}

    def __call__(self, name: str) -> Place | None:
        """Return the place of a name, or None if nothing matches.

        Raises InputError for a name that matches several clips.
        """
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts or ".." in parts:
            return None
        if clip := self._clip(parts):
            return Place(clip)
        if clip := self._clip(parts[:-1]):
            frame = self._frame(clip, parts[-1])
            return None if frame is None else Place(clip, frame)
        return self._file(parts)

    def _clip(self, parts: list[str]) -> Clip | None:
        for tail in _tails(parts):
            if tail in self.by_file:
                return self.by_file[tail]
        same = self.by_name.get(clip_name(parts[-1]), []) if parts else []
        if len(same) > 1:
            files = ", ".join(clip.file for clip in same)
            raise InputError(
                f"pair list: {parts[-1]!r} may mean any of {files}; give the whole path"
            )
        return same[0] if same else None

    def _frame(self, clip: Clip, name: str) -> int | None:
        """Return the index of a frame by its file's name, or by its number."""
        number, path = frame_number(name), self.dataset.folder / clip.file
        if not path.is_dir():
            return number if number is not None and number < clip.frames else None
        if clip.file not in self._frames:
            names = [file.name for file in frame_files(path)]
            by_number = {frame_number(file): index for index, file in enumerate(names)}
            self._frames[clip.file] = by_number | {file: index for index, file in enumerate(names)}
        indices = self._frames[clip.file]
        return indices.get(name, indices.get(number))

    def _file(self, parts: list[str]) -> Place | None:
        """Find a video outside the data set's split, or a picture."""
        folders = (self.dataset.folder, self.dataset.folder / self.dataset.split)
        endings = ("", *PICTURES, *VIDEOS)
        for tail, folder, ending in product(_tails(parts), folders, endings):
            path = folder / f"{tail}{ending}"
            if path.is_file() and path.suffix.lower() in (*PICTURES, *VIDEOS):
                file = path.relative_to(self.dataset.folder).as_posix()
                clip = Clip(file, self._person(file), count_frames(path))
                return Place(clip, 0 if path.suffix.lower() in PICTURES else None)
        return None

    def _person(self, file: str) -> str:
        """Return the identity by the innermost part of the path that follows the naming."""
        naming = NAMINGS.get(self.dataset.kind)
        known = [p for p in file.split("/") if naming and naming.clip.fullmatch(clip_name(p))]
        return id_of(known[-1], self.dataset.kind) if known else file


def _tails(parts: list[str]) -> list[str]:
    """Return a/b/c, b/c, c."""
    return ["/".join(parts[start:]) for start in range(len(parts))]


@dataclass(frozen=True)
class PairList:
    """The pairs of a file."""

    pairs: list[Pair]
    has_scales: bool
    """Whether the file says at which scale each pair is measured (columns s_x, s_y)."""


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """Write a pair list; the columns are the fields of Pair."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Pair)])
        writer.writeheader()
        writer.writerows(asdict(pair) for pair in pairs)


def committed_lists() -> list[str]:
    """Return the names of the collections whose lists come with the package."""
    return sorted(path.parent.name for path in COMMITTED.glob("*/clips.csv"))


def list_of(given: Path, protocol: str, protocols: Collection[str]) -> Path | None:
    """Return one protocol's list: ``--pair-list`` itself, or in a folder or committed collection.

    A folder holds ``<protocol>.csv``; None where it has none: the protocol's pairs are drawn.
    Raises InputError where there is neither file nor folder, or no list of any of
    ``protocols``.
    """
    folder = COMMITTED / given if str(given) in committed_lists() else given
    if folder.is_dir():
        if not any((folder / f"{name}.csv").is_file() for name in protocols):
            raise InputError(
                f"pair list: {folder} holds no list; give a folder with one file per protocol, "
                f"such as {protocol}.csv"
            )
        file = folder / f"{protocol}.csv"
        return file if file.is_file() else None
    if not given.is_file():
        names = ", ".join(committed_lists())
        raise InputError(
            f"pair list: {given} does not exist; give a CSV file, a folder with one per protocol "
            f"(such as same-scale.csv), or the name of a list that comes with ostnet: {names}"
        )
    return given


def read_pairs(path: Path, dataset: Dataset, per_clip: int, total: int | None = None) -> PairList:
    """Read a pair list with at least the columns source and driving.

    Names are those of ``Locator``. Columns that may follow: frame and source_frame (indices, for
    names without one), s_x, s_y, roll, shift_x, shift_y, pair, person (default: the
    source's identity).
    Three kinds of list are read:

    * those of ``write_pairs``;
    * DaGAN's and MCNet's (``data/vox_evaluation.csv``): pictures by name, the column frame empty;
    * first-order-model's ``pairs_list`` (columns distance, source, driving, frame; frame always 0)
      and DaGAN's ``data/vox256.csv``: a row is a whole video driving a whole video. Where every
      frame is 0 and the other columns are missing, a row becomes evenly spaced pairs:
      ``per_clip`` of them, or ``total`` in all.

    Raises InputError for a missing column, a value that is no number, a name or frame that the
    data set does not have.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            columns, rows = set(reader.fieldnames or ()), list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"pair list: {path} is not CSV text ({error}); save it as UTF-8"
        ) from error
    if missing := {"source", "driving"} - columns:
        raise InputError(f"pair list: {path} lacks the columns {sorted(missing)}; add them")
    if not rows:
        raise InputError(f"pair list: {path} holds no pairs; add some")
    places = _places(path, rows, dataset)
    numbers = columns & {field.name for field in fields(Pair)} - {"person", "source", "driving"}
    try:
        values = [{name: _number(row[name]) for name in numbers if row[name]} for row in rows]
    except ValueError as error:
        raise InputError(
            f"pair list: {path} holds a value that is not a number ({error})"
        ) from error
    if _is_of_videos(columns, values, places):
        couples = [(source.clip, driving.clip) for source, driving in places]
        return PairList(pair_up(couples, per_clip, total), has_scales=False)
    if total is not None:
        warnings.warn(
            f"pairs: has no effect, since {path.name} lists {len(rows)} pairs",
            stacklevel=2,
        )
    pairs = []
    for number, (row, value, (source, driving)) in enumerate(
        zip(rows, values, places, strict=True)
    ):
        pairs.append(
            Pair(
                pair=int(value.get("pair", number)),
                person=row.get("person") or source.clip.person,
                source=source.clip.file,
                source_frame=_frame(path, number, source, value.get("source_frame")),
                driving=driving.clip.file,
                frame=_frame(path, number, driving, value.get("frame")),
                s_x=value.get("s_x", 1.0),
                s_y=value.get("s_y", 1.0),
                roll=value.get("roll", 0.0),
                shift_x=int(value.get("shift_x", 0)),
                shift_y=int(value.get("shift_y", 0)),
            )
        )
    return PairList(pairs, has_scales={"s_x", "s_y"} <= columns)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _is_of_videos(
    columns: set[str], values: Sequence[dict[str, float]], places: Sequence[tuple[Place, Place]]
) -> bool:
    """Return whether rows name whole videos rather than pictures."""
    ours = columns & {"pair", "source_frame", "s_x", "s_y", "roll"}
    named = any(place.frame is not None for both in places for place in both)
    return not ours and not named and not any(value.get("frame") for value in values)


def _frame(path: Path, row: int, place: Place, listed: float | None) -> int:
    """Return the frame of the name, else of the column, else the first."""
    frame = int(listed or 0) if place.frame is None else place.frame
    if not 0 <= frame < place.clip.frames:
        raise InputError(
            f"pair list: row {row + 1} of {path} asks for frame {frame} of {place.clip.file}, "
            f"which has {place.clip.frames}; correct it"
        )
    return frame


def _places(
    path: Path, rows: Sequence[dict[str, str]], dataset: Dataset
) -> list[tuple[Place, Place]]:
    """Return (source, driving) of every row; unknown names raise InputError."""
    locate = Locator(dataset)
    names = dict.fromkeys(row[column] for row in rows for column in ("source", "driving"))
    places = {name: place for name in names if (place := locate(name))}
    if lost := [name for name in names if name not in places]:
        raise InputError(
            f"pair list: {path} names {len(lost)} clips, frames or pictures that the data set "
            f"({dataset.describe()}) does not have; the first is {lost[0]!r}"
        )
    return [(places[row["source"]], places[row["driving"]]) for row in rows]
