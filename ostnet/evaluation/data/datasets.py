"""Data sets by the shape of their folder: which clips there are, and who is in them.

Two shapes are read:

* ``manifest.csv`` beside the clips that it lists (columns file, split; identity, kind and frames
  where known); rows of split ``val`` are used.
* The shape that first-order-model, TPSMM, DaGAN and MCNet train and test on: ``test/`` holds one
  video (``*.mp4``) or one folder of numbered png or jpg frames per clip; without ``test/`` the
  clips lie in the folder itself. The clip's name tells the person (``NAMINGS``).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip, count_frames, frame_files, read_clips

VIDEOS = (".mp4", ".mov", ".gif")
"""Endings of the video files that make a clip."""


@dataclass(frozen=True)
class Naming:
    """How a data set names its clips."""

    clip: re.Pattern
    """The names by which the data set is recognised."""
    person: re.Pattern
    """Its first group that matches is the identity."""


NAMINGS = {
    # id10283#VIDEO#000010#000300.mp4: the person before the first #
    "voxceleb1": Naming(re.compile(r"id\d+#.+"), re.compile(r"(.+?)#.+")),
    # RD_Radio34_001.mp4, WDA_BarackObama_000.mp4: all but the clip's number. In the addresses (WDA,
    # WRA) a digit after the speaker's name counts that speaker's videos: JoeCrowley0, JoeCrowley1.
    "hdtf": Naming(
        re.compile(r"(?:RD|WDA|WRA)_.+_\d+"),
        re.compile(r"((?:WDA|WRA)_.+?)\d*(?:_\d+)+|(.+?)(?:_\d+)+"),
    ),
}
"""Data set -> names of its clips."""

KINDS = ("auto", "manifest", *NAMINGS)
"""Values of ``--dataset``."""


@dataclass(frozen=True)
class Dataset:
    """The clips of one folder and how they were found."""

    folder: Path
    """Where the clips' paths start."""
    kind: str
    """manifest, a key of NAMINGS, or ``files`` where every clip counts as a person of its own."""
    split: str
    """What was read of it: val, test, or ``all`` where the folder has no split."""
    clips: Sequence[Clip]
    """In the manifest's order, or by name."""
    drawn: str = ""
    """How the clips were chosen from more, for reading."""

    def describe(self) -> str:
        """One line for a report: ``vox (voxceleb1, videos), split test, 100 clips, 12 people``."""
        people = f"{len({clip.person for clip in self.clips})} people"
        if self.kind == "files":
            people = "people unknown, each clip counts as one"
        shape = self.kind if self.kind == "manifest" else f"{self.kind}, {self._stored()}"
        counts = f"{len(self.clips)} clips{self.drawn}, {people}"
        return f"{self.folder.resolve().name} ({shape}), split {self.split}, {counts}"

    def _stored(self) -> str:
        folders = {(self.folder / clip.file).is_dir() for clip in self.clips}
        names = {False: "videos", True: "folders of frames"}
        return " and ".join(names[is_folder] for is_folder in sorted(folders))


def read_dataset(
    data: Path, kind: str = "auto", count: int | None = None, seed: int = 0
) -> Dataset:
    """The clips of a folder.

    kind: one of KINDS; ``auto`` goes by the manifest, else by what most of the names look like.
    count: take only so many clips, drawn by the seed (``draw_clips``). Raises InputError where
    there are no clips, or fewer than ``count``.
    """
    if kind == "manifest" or (kind == "auto" and (data / "manifest.csv").is_file()):
        listed = {clip.file: clip for clip in read_clips(data)}
        kind, split, files, make = "manifest", "val", list(listed), listed.get
    else:
        split, files = _clip_files(data)
        kind = recognise(files) if kind == "auto" else kind

        def make(file: str) -> Clip:
            return Clip(file, id_of(file, kind), count_frames(data / file))

    if count is None:
        return Dataset(data, kind, split, [make(file) for file in files])
    if count > len(files):
        raise InputError(f"clips: asked for {count}, found {len(files)} in {data}; ask for fewer")
    drawn = f" drawn from {len(files)} by seed {seed}"
    return Dataset(data, kind, split, [make(f) for f in draw_clips(files, count, seed)], drawn)


def draw_clips(files: Sequence[str], count: int, seed: int) -> list[str]:
    """``count`` of the clips, in the order given; which ones depends on their names and the seed.

    The clips whose SHA-256 of ``<seed> <name>`` is smallest are taken: the same ones on every
    machine, in whatever order a file system lists them, stored as videos or as frames.
    """

    def rank(file: str) -> str:
        return hashlib.sha256(f"{seed} {clip_name(file)}".encode()).hexdigest()

    kept = set(sorted(files, key=rank)[:count])
    return [file for file in files if file in kept]


def clip_name(file: str) -> str:
    """Last part of a path without the ending of a video; folders of frames may carry it too."""
    name = file.rsplit("/", 1)[-1]
    return name[: name.rindex(".")] if name.lower().endswith(VIDEOS) else name


def id_of(file: str, kind: str) -> str:
    """Who is in a clip, by its data set's naming; otherwise the clip is a person of its own."""
    name = clip_name(file)
    found = NAMINGS[kind].person.fullmatch(name) if kind in NAMINGS else None
    return next(group for group in found.groups() if group) if found else name


def recognise(files: Sequence[str]) -> str:
    """The data set that most names look like, else ``files``."""
    for kind, naming in NAMINGS.items():
        if 2 * sum(bool(naming.clip.fullmatch(clip_name(file))) for file in files) > len(files):
            return kind
    return "files"


def _clip_files(data: Path) -> tuple[str, list[str]]:
    """(split, paths below the data folder by name) of the videos and folders of frames."""
    test = data / "test"
    split, folder = ("test", test) if test.is_dir() else ("all", data)
    found = [path for path in folder.iterdir() if _is_clip(path)] if folder.is_dir() else []
    if not found:
        raise InputError(
            f"data: {folder} holds no clips; give a folder with manifest.csv, or one with videos "
            f"({', '.join(VIDEOS)}) or folders of numbered png or jpg frames in it or in its test/"
        )
    files = [path.relative_to(data).as_posix() for path in found]
    return split, sorted(files, key=lambda file: (clip_name(file), file))


def _is_clip(path: Path) -> bool:
    return bool(frame_files(path)) if path.is_dir() else path.suffix.lower() in VIDEOS
