"""The clips of a data set: their list, their identities, and their frames as square pictures.

Two layouts of folders are read:

* ``manifest.csv`` beside the clips that it lists (columns file, split; identity, kind and frames
  where known); rows of split ``val`` are used.
* The layout that first-order-model, TPSMM, DaGAN and MCNet train and test on: ``test/`` holds one
  video (``*.mp4``) or one folder of numbered png or jpg frames per clip; without ``test/`` the
  clips lie in the folder itself. The clip's name contains the person (``NAMINGS``).
"""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.media.crop import centre_square
from ostnet.media.video import probe, read_frames, read_image

SIZE = 256
"""Side of the pictures on which everything is measured."""

VIDEOS = (".mp4", ".mov", ".gif")
"""Endings of the video files that make a clip."""

PICTURES = (".png", ".jpg", ".jpeg")
"""Endings of still pictures, and of the frames of a clip that is a folder."""

FOLDER_RATE = 25.0
"""Frames per second that a folder of frames is taken to have."""


@dataclass(frozen=True)
class Naming:
    """The naming of a data set's clips."""

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
class Clip:
    """One video of one person: a video file, or a folder of numbered frames."""

    file: str
    """Path below the data folder."""
    person: str
    """Identity; clips of one person are not independent."""
    frames: int
    """Number of frames."""


@dataclass(frozen=True)
class Dataset:
    """The clips of one folder and how they were found."""

    folder: Path
    """Folder that the clips' paths are relative to."""
    kind: str
    """manifest, a key of NAMINGS, or ``files`` where every clip counts as a person of its own."""
    split: str
    """The split that was read: val, test, or ``all`` if the folder has no split."""
    clips: Sequence[Clip]
    """Its clips, in the manifest's order or by name."""
    drawn: str = ""
    """How the clips were drawn from more, as text for reports."""

    def describe(self) -> str:
        """Return one line: ``vox (voxceleb1, videos), split test, 100 clips, 12 people``."""
        people = f"{len({clip.person for clip in self.clips})} people"
        if self.kind == "files":
            people = "people unknown, each clip counts as one"
        shape = self.kind
        if shape != "manifest":
            names = {False: "videos", True: "folders of frames"}
            folders = {(self.folder / clip.file).is_dir() for clip in self.clips}
            shape += ", " + " and ".join(names[is_folder] for is_folder in sorted(folders))
        counts = f"{len(self.clips)} clips{self.drawn}, {people}"
        return f"{self.folder.resolve().name} ({shape}), split {self.split}, {counts}"


def read_dataset(
    data: Path, kind: str = "auto", count: int | None = None, seed: int = 0
) -> Dataset:
    """Return the clips of a folder.

    kind: one of KINDS; ``auto`` uses the manifest, else the naming that fits most names.
    count: number of clips to draw by the seed (``draw_clips``); None: all. Raises InputError where
    there are no clips, or fewer than ``count``.
    """
    if kind == "manifest" or (kind == "auto" and (data / "manifest.csv").is_file()):
        listed = {clip.file: clip for clip in read_clips(data)}
        kind, split, files = "manifest", "val", list(listed)
    else:
        listed = {}
        split, files = _clip_files(data)
        kind = recognise(files) if kind == "auto" else kind
    drawn = ""
    if count is not None:
        if count > len(files):
            raise InputError(
                f"clips: asked for {count}, found only {len(files)} in {data}; ask for fewer"
            )
        drawn = f" drawn from {len(files)} by seed {seed}"
        files = draw_clips(files, count, seed)
    clips = [
        listed.get(file) or Clip(file, id_of(file, kind), count_frames(data / file))
        for file in files
    ]
    return Dataset(data, kind, split, clips, drawn)


def read_clips(data: Path, split: str = "val") -> list[Clip]:
    """Return the clips of one split by ``data/manifest.csv``, in the manifest's order.

    Columns used: file, split, and where they exist kind (rows other than ``clip`` are left out),
    identity (default: the file) and frames (default: counted). Raises InputError where the
    manifest is missing or holds no clip of the split.
    """
    manifest = data / "manifest.csv"
    if not manifest.is_file():
        raise InputError(f"data: {manifest} does not exist; give a folder with manifest.csv")
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"data: {manifest} is not CSV text ({error})") from error
    missing = {"file", "split"} - set(rows[0] if rows else ())
    if missing:
        raise InputError(f"data: {manifest} lacks the columns {sorted(missing)}; add them")
    rows = [row for row in rows if row["split"] == split and row.get("kind", "clip") == "clip"]
    if not rows:
        raise InputError(f"data: {manifest} lists no clip of split {split!r}; add some")
    return [_listed_clip(data, row) for row in rows]


def _listed_clip(data: Path, row: dict[str, str]) -> Clip:
    path = data / row["file"]
    if not path.exists():
        raise InputError(f"data: {path} is in the manifest but does not exist; restore it")
    frames = int(row.get("frames") or count_frames(path))
    return Clip(row["file"], row.get("identity") or row["file"], frames)


def _clip_files(data: Path) -> tuple[str, list[str]]:
    """Return the split, and paths below the data folder, by name, of videos and frame folders."""
    test = data / "test"
    split, folder = ("test", test) if test.is_dir() else ("all", data)
    found = [path for path in folder.iterdir() if _is_clip(path)] if folder.is_dir() else []
    if not found:
        raise InputError(
            f"data: {folder} holds no clips; give a folder with manifest.csv, or one with videos "
            f"({', '.join(VIDEOS)}) or folders of numbered png or jpg frames, directly or in test/"
        )
    files = [path.relative_to(data).as_posix() for path in found]
    return split, sorted(files, key=lambda file: (clip_name(file), file))


def _is_clip(path: Path) -> bool:
    return bool(frame_files(path)) if path.is_dir() else path.suffix.lower() in VIDEOS


def draw_clips(files: Sequence[str], count: int, seed: int) -> list[str]:
    """Return ``count`` of the clips, in the order given, chosen by their names and the seed.

    The clips whose SHA-256 of ``<seed> <name>`` is smallest are taken: the same ones on every
    machine, in whatever order a file system lists them, stored as videos or as frames.
    """

    def rank(file: str) -> str:
        return hashlib.sha256(f"{seed} {clip_name(file)}".encode()).hexdigest()

    kept = set(sorted(files, key=rank)[:count])
    return [file for file in files if file in kept]


def clip_name(file: str) -> str:
    """Return the last part of a path, without a video's ending, also of a folder of frames."""
    name = file.rsplit("/", 1)[-1]
    return name[: name.rindex(".")] if name.lower().endswith(VIDEOS) else name


def id_of(file: str, kind: str) -> str:
    """Return the identity in a clip by its data set's naming; otherwise the clip's own name."""
    name = clip_name(file)
    found = NAMINGS[kind].person.fullmatch(name) if kind in NAMINGS else None
    return next(group for group in found.groups() if group) if found else name


def recognise(files: Sequence[str]) -> str:
    """Return the data set whose naming fits most names, else ``files``."""
    for kind, naming in NAMINGS.items():
        if 2 * sum(bool(naming.clip.fullmatch(clip_name(file))) for file in files) > len(files):
            return kind
    return "files"


def frame_number(name: str) -> int | None:
    """Return the number at the end of a frame's name: 12 for ``0000012.png``; None without one."""
    found = re.search(r"(\d+)$", re.sub(rf"({'|'.join(PICTURES)})$", "", name.lower()))
    return int(found[1]) if found else None


def frame_files(folder: Path) -> list[Path]:
    """Return the numbered pictures of a folder, in the order of their numbers."""
    numbered = [
        (number, path.name, path)
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES and (number := frame_number(path.name)) is not None
    ]
    return [path for _, _, path in sorted(numbered)]


def count_frames(path: Path) -> int:
    """Return the number of frames of a video file, a folder of frames or a picture."""
    return probe(path).frames if _is_video(path) else len(_pictures(path))


def frame_rate(path: Path) -> float:
    """Return frames per second; FOLDER_RATE for anything but a video file."""
    return float(probe(path).fps) if _is_video(path) else FOLDER_RATE


def load_frames(path: Path, indices: Sequence[int]) -> list[np.ndarray]:
    """Return frames by index, uint8 (256, 256, 3) each, the centre square, in that order.

    path: a video file, a folder of numbered frames (index 0 is the lowest number), or a picture,
    whose only frame is 0. Raises InputError for an index past the end.
    """
    wanted = set(indices)
    if _is_video(path):
        frames = read_frames(path, max_frames=max(wanted) + 1)
        found = {index: square(frame) for index, frame in enumerate(frames) if index in wanted}
    else:
        files = enumerate(_pictures(path))
        found = {i: square(read_image(file, sandboxed=False)) for i, file in files if i in wanted}
    if wanted - set(found):
        raise InputError(
            f"{path}: frame {max(wanted)} does not exist; found {count_frames(path)} frames"
        )
    return [found[index] for index in indices]


def _is_video(path: Path) -> bool:
    return not path.is_dir() and path.suffix.lower() not in PICTURES


def _pictures(path: Path) -> list[Path]:
    return frame_files(path) if path.is_dir() else [path]


def square(image: np.ndarray) -> np.ndarray:
    """Return the centre square of uint8 (H, W, 3) at 256 pixels, anti-aliased where resized."""
    height, width = image.shape[:2]
    if (height, width) == (SIZE, SIZE):
        return image
    return centre_square(height, width).apply(image, output=SIZE)
