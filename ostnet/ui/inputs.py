"""A visitor's portrait and clip as they are read: limits, faces, crops, a few stills."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import overload

import numpy as np
from PIL import Image

from ostnet.animation.group import LEAST_FACE, Group, group_of
from ostnet.animation.motion_file import Motion, is_motion, load_motion
from ostnet.animation.pictures import keypoint_picture
from ostnet.animation.scene import NETWORK_SIDE, Scene
from ostnet.errors import InputError
from ostnet.media.crop import Crop, driving_crop, face_crops, source_crop
from ostnet.media.faces import make_detector
from ostnet.media.track import check_face
from ostnet.media.video import VideoInfo, VideoWriter, probe, read_frames, read_image
from ostnet.option_values import MOST_FACES
from ostnet.options import AnimateOptions

MOST_PORTRAIT_MB = 25
MOST_DRIVING_MB = 200
MOST_PORTRAIT_PIXELS = 40_000_000
MOST_DRIVING_SIDE = 4096
MOST_SECONDS = 60
"""Seconds of a driving clip that one run uses at most."""
STILL_SIDE = 1024
"""Longest side of a still picture that drives, in pixels."""
WHOLE_SIDE = 1280
"""Longest side of a result that shows the whole portrait, in pixels."""
STILLS = 25
"""Driving frames kept for previews and single pictures."""


@dataclass(frozen=True)
class Portrait:
    """A portrait with its square."""

    path: Path
    image: np.ndarray
    """uint8 (H, W, 3)."""
    crop: Crop
    note: str | None
    """A warning, such as that no face was found."""
    faces: list[Crop]
    """The squares of the faces that can be animated together, largest face first."""
    notes: list[list[str]]
    """Warnings of each of them."""

    def square(self, size: int) -> np.ndarray:
        """Return the square at so many pixels, as the networks get it."""
        return self.crop.apply(self.image, size)


@dataclass(frozen=True)
class Driving:
    """A driving clip with its square."""

    path: Path
    info: VideoInfo
    crop: Crop
    note: str | None
    known: bool
    """Whether a face is expected in every frame."""
    stills: list[np.ndarray]
    """About 25 frames, evenly spread, cropped to uint8 (256, 256, 3)."""
    whole: np.ndarray
    """The middle one of them uncropped, uint8 (H, W, 3)."""
    frames: int
    """Number of frames that are used: all, or those of the first seconds."""
    motion: Motion | None = None
    """The content of a motion file, whose stills show keypoints."""

    def still(self, position: float) -> np.ndarray:
        """Return the still nearest to a position in [0, 1] along the clip."""
        return self.stills[round(position * (len(self.stills) - 1))]


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
    found = face_crops(image)
    large = [(square, notes) for square, notes, height in found if height >= LEAST_FACE]
    faces, notes = map(list, zip(*large[:MOST_FACES], strict=True)) if large else ([], [])
    return Portrait(path, image, crop, note, faces, notes)


def look_at_driving(
    path: str | Path,
    seconds: float = MOST_SECONDS,
    mode: str = "auto",
    face: int = 0,
    cancel: Callable[[], bool] | None = None,
) -> Driving:
    """Read a driving clip's first ``seconds`` and choose its square.

    Raises:
        InputError: a file too large, unreadable, or without the face asked for, or ``cancel``
            returned True.
    """
    path = Path(path)
    _check_megabytes(path, MOST_DRIVING_MB, "driving clip")
    role = "driving clip"
    if is_motion(path):
        return _look_at_motion(path, seconds)
    info = probe(path, role, cancel)
    if max(info.width, info.height) > MOST_DRIVING_SIDE:
        raise InputError(
            f"driving clip: {info.width} x {info.height} pixels is too large; "
            f"give at most {MOST_DRIVING_SIDE} a side"
        )
    frames = AnimateOptions(max_seconds=seconds).frames(info.frames, float(info.fps))
    clip = path if frames == info.frames else read_frames(path, frames, role, cancel)
    crop, note = driving_crop(clip, mode, make_detector(), face, role, info, cancel)
    stills, whole = _stills(path, frames, crop, cancel)
    return Driving(path, info, crop, note, mode != "none", stills, whole, frames)


def _look_at_motion(path: Path, seconds: float) -> Driving:
    """Read the first ``seconds`` of a motion file."""
    motion = load_motion(path)
    frames = AnimateOptions(max_seconds=seconds).frames(motion.info.frames, float(motion.fps))
    stills = [
        keypoint_picture(motion.keypoints[index], NETWORK_SIDE)
        for index in np.linspace(0, frames - 1, min(STILLS, frames)).round().astype(int)
    ]
    whole = stills[len(stills) // 2]
    crop = Crop(0, 0, NETWORK_SIDE)
    return Driving(path, motion.info, crop, None, True, stills, whole, frames, motion)


@overload
def reframed(look: Portrait, square: Crop) -> Portrait: ...
@overload
def reframed(look: Driving, square: Crop) -> Driving: ...
def reframed(look: Portrait | Driving, square: Crop) -> Portrait | Driving:
    """Return the portrait, or the whole clip, with another square.

    Raises:
        InputError: the square shows nothing of it.
    """
    if isinstance(look, Portrait):
        crop, _ = source_crop(look.image, square, role="portrait")
        return replace(look, crop=crop, note=None)
    crop, _ = source_crop(look.whole, square, role="driving clip")
    stills, _ = _stills(look.path, look.frames, crop)
    return replace(look, crop=crop, note=None, stills=stills)


def _stills(
    path: Path, frames: int, crop: Crop, cancel: Callable[[], bool] | None = None
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return about 25 squares of the first ``frames`` frames, and the middle one's whole frame."""
    kept = set(np.linspace(0, frames - 1, min(STILLS, frames)).round().astype(int).tolist())
    middle = sorted(kept)[len(kept) // 2]
    stills, whole = [], np.empty((0, 0, 3), np.uint8)
    for index, frame in enumerate(read_frames(path, frames, "driving clip", cancel)):
        if index in kept:
            stills.append(crop.at(index).apply(frame))
            whole = frame if not whole.size or index <= middle else whole
    return stills, whole


def make_scene(portrait: Portrait, driving: Driving, options: AnimateOptions) -> Scene:
    """Return the scene of a portrait and a clip that have been read.

    Raises:
        InputError: an option that a motion file does not allow.
    """
    if driving.motion is not None:
        driving.motion.check(options)
    return Scene(
        driving=driving.motion or driving.path,
        options=replace(options, max_frames=driving.frames),
        portrait=portrait.image,
        source_crop=portrait.crop,
        driving_crop=driving.crop,
        video=driving.info,
        detector=make_detector(),
        face_expected=driving.known,
        warnings=[note for note in (portrait.note, driving.note) if note],
    )


def make_group(portrait: Portrait, driving: Driving, options: AnimateOptions) -> Group:
    """Return the faces of a portrait that the options name by number, driven by one clip.

    The portrait is shrunk to at most `WHOLE_SIDE` pixels a side.

    Raises:
        InputError: there are not so many faces.
    """
    numbers = options.faces if isinstance(options.faces, tuple) else range(len(portrait.faces))
    check_face(max(numbers), len(portrait.faces), "portrait")
    chosen = [portrait.faces[number] for number in numbers]
    image, squares = fitted(portrait.image, chosen, WHOLE_SIDE)
    scene = replace(make_scene(portrait, driving, options), portrait=image)
    return group_of([scene] * len(squares), squares, scene.options, scene.warnings)


def fitted(portrait: np.ndarray, squares: list[Crop], side: int) -> tuple[np.ndarray, list[Crop]]:
    """Return a picture shrunk to at most ``side`` pixels, and its squares with it."""
    height, width = portrait.shape[:2]
    ratio = side / max(height, width)
    if ratio >= 1:
        return portrait, squares
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = np.array(Image.fromarray(portrait).resize(size, Image.Resampling.LANCZOS))
    return small, [
        Crop(round(one.left * ratio), round(one.top * ratio), round(one.size * ratio), one.roll)
        for one in squares
    ]


def still_clip(picture: str | Path, folder: Path) -> Path:
    """Write a still picture as a clip of one frame, so that it can drive.

    Raises:
        InputError: no picture, or too large a file.
    """
    picture = Path(picture)
    _check_megabytes(picture, MOST_PORTRAIT_MB, "driving picture")
    image = Image.fromarray(read_image(picture, role="driving picture"))
    image.thumbnail((STILL_SIDE, STILL_SIDE), Image.Resampling.LANCZOS)
    path = folder / f"{picture.stem}.mp4"
    with VideoWriter(path, Fraction(25), crf=8) as writer:
        writer.write(np.asarray(image))
    return path


def check_files(portrait: str | None, driving: str | None) -> None:
    """Check that both files are there and not too large, before anything is read.

    Raises:
        InputError: names the file and the reason.
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
        raise InputError(f"{role}: the file was deleted from the server; upload it again")
    megabytes = path.stat().st_size / 1e6
    if megabytes > most:
        raise InputError(f"{role}: {megabytes:.0f} MB is too large; give at most {most} MB")
