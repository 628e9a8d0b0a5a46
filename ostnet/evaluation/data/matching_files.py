"""Files of the same names in two folders: generated videos, their references and sources."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import square
from ostnet.media.video import probe, read_frames, read_image

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm")
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def frame_pairs(video: Path, reference: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames of two videos of one length, side by side: uint8 (256, 256, 3) each."""
    for image, truth in zip(read_frames(video), read_frames(reference), strict=True):
        yield square(image), square(truth)


def check_length(video: Path, reference: Path) -> None:
    """Raises InputError where the two have different numbers of frames."""
    found, expected = probe(video).frames, probe(reference).frames
    if found != expected:
        raise InputError(
            f"generated: {video.name} has {found} frames, its reference {expected}; cut them to "
            "the same length"
        )


def first_picture(path: Path) -> np.ndarray:
    """A picture, or the first frame of a video: uint8 (256, 256, 3)."""
    if path.suffix.lower() in PICTURES:
        return square(read_image(path, apart=False))
    return square(next(iter(read_frames(path, max_frames=1))))


def files(folder: Path, suffixes: tuple[str, ...], role: str) -> list[Path]:
    """Those of a folder with these endings, by name; raises InputError where there is none."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not found:
        raise InputError(f"{role}: {folder} holds no file of {', '.join(suffixes)}; add some")
    return found


def partner(folder: Path, video: Path, suffixes: tuple[str, ...], role: str) -> Path:
    """The file of a video's name, whatever its ending; raises InputError where there is none."""
    for suffix in suffixes:
        candidate = folder / f"{video.stem}{suffix}"
        if candidate.is_file():
            return candidate
    raise InputError(f"{role}: {folder} holds no file named {video.stem}; add it")
