"""Looking at a portrait and a driving clip: limits, faces, crops, a few stills."""

import mimetypes
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from ostnet.animation.scene import Scene
from ostnet.errors import InputError
from ostnet.media.crop import Crop, driving_crop, source_crop
from ostnet.media.faces import make_detector
from ostnet.media.video import VideoInfo, VideoWriter, probe, read_frames, read_image
from ostnet.options import AnimateOptions

MOST_PORTRAIT_MB = 25
MOST_DRIVING_MB = 200
MOST_PORTRAIT_PIXELS = 40_000_000
MOST_DRIVING_SIDE = 4096
MOST_SECONDS = 60
"""Of a driving clip, in one run."""
MOST_PAIRS = 12
"""Of portraits and clips, in one run."""
STILL_SIDE = 1024
"""Longest side of a still picture that drives, in pixels."""

STILLS = 25
"""Driving frames kept for previews and single pictures."""


@dataclass(frozen=True)
class Portrait:
    """A portrait that has been looked at."""

    path: Path
    image: np.ndarray
    """uint8 (H, W, 3)."""
    crop: Crop
    note: str | None
    """What the visitor should know, such as that no face was found."""

    def square(self, size: int) -> np.ndarray:
        """What the networks see of it."""
        return self.crop.apply(self.image, size)


@dataclass(frozen=True)
class Driving:
    """A driving clip that has been looked at."""

    path: Path
    info: VideoInfo
    crop: Crop
    note: str | None
    known: bool
    """Whether frames before the first one with a face are held too."""
    stills: list[np.ndarray]
    """About 25 frames, evenly spread, cropped to uint8 (256, 256, 3)."""
    whole: np.ndarray
    """The middle one of them uncropped, uint8 (H, W, 3)."""
    frames: int
    """How many frames will be used: the clip's, or its first seconds'."""

    def still(self, position: float) -> np.ndarray:
        """The still nearest to a position in [0, 1] along the clip."""
        return self.stills[round(position * (len(self.stills) - 1))]

    @cached_property
    def middle(self) -> np.ndarray:
        return self.still(0.5)


def look_at_portrait(path: str | Path, mode: str = "auto", face: int = 0) -> Portrait:
    """Read a portrait and choose its square.

    Raises:
        InputError: a file too large, unreadable, or without the face asked for.
    """
    path = Path(path)
    _check_megabytes(path, MOST_PORTRAIT_MB, "portrait")
    image = read_image(path, role="portrait")
    if image.shape[0] * image.shape[1] > MOST_PORTRAIT_PIXELS:
        raise InputError(
            f"portrait: {image.shape[1]} x {image.shape[0]} pixels is too large; "
            f"give at most {MOST_PORTRAIT_PIXELS // 1_000_000} megapixels"
        )
    crop, note = source_crop(image, mode, face, role="portrait")
    return Portrait(path, image, crop, note)


def reframed_portrait(portrait: Portrait, square: Crop) -> Portrait:
    """The portrait with another square.

    Raises:
        InputError: the square shows nothing of it.
    """
    crop, _ = source_crop(portrait.image, square, role="portrait")
    return replace(portrait, crop=crop, note=None)


def look_at_driving(
    path: str | Path, seconds: float = MOST_SECONDS, mode: str = "auto", face: int = 0
) -> Driving:
    """Read a driving clip's first ``seconds`` and choose its square.

    Raises:
        InputError: a file too large, unreadable, or without the face asked for.
    """
    path = Path(path)
    _check_megabytes(path, MOST_DRIVING_MB, "driving clip")
    info = probe(path, role="driving clip")
    if max(info.width, info.height) > MOST_DRIVING_SIDE:
        raise InputError(
            f"driving clip: {info.width} x {info.height} pixels is too large; "
            f"give at most {MOST_DRIVING_SIDE} a side"
        )
    frames = AnimateOptions(max_seconds=seconds).frames(info.frames, float(info.fps))
    clip = path if frames == info.frames else read_frames(path, frames, role="driving clip")
    crop, note = driving_crop(clip, mode, make_detector(), face, role="driving clip", info=info)
    stills, whole = _stills(path, frames, crop)
    return Driving(path, info, crop, note, mode != "none", stills, whole, frames)


def reframed_driving(driving: Driving, square: Crop) -> Driving:
    """The clip with another square for all its frames.

    Raises:
        InputError: the square shows nothing of it.
    """
    crop, _ = source_crop(driving.whole, square, role="driving clip")
    stills, _ = _stills(driving.path, driving.frames, crop)
    return replace(driving, crop=crop, note=None, stills=stills)


def _stills(path: Path, frames: int, crop: Crop) -> tuple[list[np.ndarray], np.ndarray]:
    """(about 25 squares of frames, the middle one's frame uncropped) of the first ``frames``."""
    kept = set(np.linspace(0, frames - 1, min(STILLS, frames)).round().astype(int).tolist())
    middle = sorted(kept)[len(kept) // 2]
    stills, whole = [], None
    for index, frame in enumerate(read_frames(path, frames, role="driving clip")):
        if index in kept:
            stills.append(crop.at(index).apply(frame))
            whole = frame if whole is None or index <= middle else whole
    return stills, whole


def make_scene(portrait: Portrait, driving: Driving, options: AnimateOptions) -> Scene:
    """Return what is animated by what, of inputs that have been looked at."""
    return Scene(
        source_path=portrait.path,
        driving_path=driving.path,
        options=replace(options, max_frames=driving.frames),
        portrait=portrait.image,
        source_crop=portrait.crop,
        driving_crop=driving.crop,
        video=driving.info,
        detector=make_detector(),
        face_expected=driving.known,
        warnings=[note for note in (portrait.note, driving.note) if note],
    )


def pairs(portrait: str, driving: str, more: list[str] | None) -> list[tuple[str, str]]:
    """Every portrait with every clip; ``more`` are further pictures and clips in any order.

    Raises:
        InputError: more than ``MOST_PAIRS``.
    """
    pictures, clips = [portrait], [driving]
    for file in more or []:
        kind = mimetypes.guess_type(file)[0] or ""
        still = kind.startswith("image/") and kind != "image/gif"
        (pictures if still else clips).append(file)
    made = [(picture, clip) for picture in pictures for clip in clips]
    if len(made) > MOST_PAIRS:
        raise InputError(
            f"more files: {len(pictures)} portraits times {len(clips)} clips are {len(made)} runs; "
            f"take some away until there are at most {MOST_PAIRS}"
        )
    return made


def still_clip(picture: str | Path, folder: Path) -> Path:
    """A still picture as a clip of one frame, so that it can drive.

    Raises:
        InputError: no picture, or too large a file.
    """
    from PIL import Image

    picture = Path(picture)
    _check_megabytes(picture, MOST_PORTRAIT_MB, "driving picture")
    image = Image.fromarray(read_image(picture, role="driving picture"))
    image.thumbnail((STILL_SIDE, STILL_SIDE), Image.Resampling.LANCZOS)
    path = folder / f"{picture.stem}.mp4"
    with VideoWriter(path, Fraction(25), crf=8) as writer:
        writer.write(np.asarray(image))
    return path


def check_files(portrait: str | None, driving: str | None) -> None:
    """Refuse files that are missing or too large, before anything is read.

    Raises:
        InputError: says which and why.
    """
    for path, most, role in (
        (portrait, MOST_PORTRAIT_MB, "portrait"),
        (driving, MOST_DRIVING_MB, "driving clip"),
    ):
        if not path:
            raise InputError(f"{role}: missing; give a file")
        _check_megabytes(Path(path), most, role)


def _check_megabytes(path: Path, most: int, role: str) -> None:
    if not path.is_file():
        raise InputError(f"{role}: the file is no longer here; upload it again")
    megabytes = path.stat().st_size / 1e6
    if megabytes > most:
        raise InputError(f"{role}: {megabytes:.0f} MB is too large; give at most {most} MB")
