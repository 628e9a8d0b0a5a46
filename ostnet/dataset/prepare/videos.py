"""Videos, the spans of them to use, and the reasons for leaving some out."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ostnet.errors import InputError
from ostnet.media.faces import Box

SUFFIXES = frozenset(
    ".avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split()
)  # fmt: skip
"""Suffixes of video files."""


@dataclass(frozen=True)
class Span:
    """A part of a video with one person. Without crop and track, faces are detected."""

    identity: str
    start: float = 0.0
    """Seconds."""
    end: float | None = None
    """Seconds; None: the end of the video."""
    crop: Box | None = None
    """The region to cut, in picture heights; it is extended to a square."""
    track: Path | None = None
    """A VoxCeleb1 text file with a face box per frame, which also sets start and end."""
    partition: str | None = None
    """train or test, if the annotations say so."""


@dataclass(frozen=True)
class Video:
    """A file and its spans."""

    path: Path
    file: str
    """Path relative to the folder of videos, with forward slashes."""
    spans: tuple[Span, ...]

    @property
    def key(self) -> str:
        """A file name that is unique in the folder of videos."""
        name = re.sub(r"[^\w.-]+", "_", self.file.rpartition(".")[0])
        return f"{name[:100]}-{hashlib.sha256(self.file.encode()).hexdigest()[:6]}"


@dataclass(frozen=True)
class Skip:
    """A row of ``skipped.csv``: a video or a part of it that gave no clip."""

    video: str
    reason: str
    start: float | None = None
    """Seconds; None: the whole video."""
    end: float | None = None


def find_files(folder: Path) -> dict[str, Path]:
    """Return the videos in a folder and its subfolders by relative path, in order.

    Raises:
        InputError: there is none.
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
    """Return the identity of a video without annotations: the pattern's first group, or path."""
    match = re.search(pattern, file) if pattern else None
    return (match and match[1]) or file.rpartition(".")[0]
