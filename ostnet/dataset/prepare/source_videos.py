"""What there is to do: a video, and the stretches of it that show a person."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.faces import Box

SUFFIXES = frozenset(
    ".avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split()
)  # fmt: skip
"""Endings of the files that are taken for videos."""


@dataclass(frozen=True)
class Span:
    """A stretch of a video. Without crop and tracks, the faces in it are looked for."""

    identity: str
    """Who is seen."""
    start: float = 0.0
    """Seconds."""
    end: float | None = None
    """Seconds; None: to the end of the video."""
    crop: Box | None = None
    """The region to cut, in picture heights; kept as it is, made square."""
    track: Path | None = None
    """A VoxCeleb1 text file with a face box per frame, which then says start and end."""
    partition: str | None = None
    """train or test where the annotations say so."""


@dataclass(frozen=True)
class Video:
    """One file and what to take from it."""

    path: Path
    file: str
    """Path below the folder of videos, with forward slashes."""
    spans: tuple[Span, ...]

    @property
    def key(self) -> str:
        """A file name that no other video of the folder has."""
        name = re.sub(r"[^\w.-]+", "_", self.file.rpartition(".")[0])
        return f"{name[:100]}-{hashlib.sha256(self.file.encode()).hexdigest()[:6]}"


def find_files(folder: Path) -> dict[str, Path]:
    """Videos of a folder and its sub-folders by their path below it, in order.

    Raises InputError where there is none.
    """
    if not folder.is_dir():
        raise InputError(f"videos: no folder '{folder}'; check the path")
    found = [p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
    if not found:
        raise InputError(
            f"videos: no video in '{folder}'; expected files ending in {' '.join(sorted(SUFFIXES))}"
        )
    return dict(sorted((path.relative_to(folder).as_posix(), path) for path in found))


def identity_of(file: str, pattern: str | None) -> str:
    """Who a video without annotations shows: the pattern's first group, or the video itself."""
    match = re.search(pattern, file) if pattern else None
    return (match and match[1]) or file.rpartition(".")[0]
