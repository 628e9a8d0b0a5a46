"""Choice of the square that the model sees of a portrait or a clip, with warnings."""

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ostnet.errors import InputError
from ostnet.media.faces import Box, Detector, make_detector
from ostnet.media.limits import MOST_REACH
from ostnet.media.orientation import Upright, upright_faces
from ostnet.media.portrait_notes import is_profile, portrait_notes
from ostnet.media.sandbox import Cancel
from ostnet.media.square import (
    FRAMING,
    TIGHTEST,
    Crop,
    centre_square,
    face_square,
    moving,
    portrait_square,
)
from ostnet.media.track import FaceTrack, check_face, track_face
from ostnet.media.video import Clip, VideoInfo, probe, read_frames

ALREADY_FRAMED = (0.2, 0.8)
"""Face heights, as shares of a square clip's height, that need no crop."""

FEW_FACES = 0.5
"""Share of sampled frames with a face below which the crop of a clip may be wrong."""

LEVEL = 25
"""Roll in degrees beyond which a portrait is levelled; the networks cope with less."""

WIDE = 2.0
"""Side of the box of all face positions, in face sides, above which one square is too large."""

JUMP = 1.0
"""Distance between two samples, in face sides, that may be a cut."""

RESIZED = 1.6
"""Ratio of the face sides of two samples that may be a cut."""

CUT = 0.05
"""Mean absolute difference of two frames, in [0, 1], that confirms a cut."""

CALM = 5
"""Number of samples over which the path of a moving square is averaged."""


def source_crop(
    image: np.ndarray,
    mode: str | Crop = "auto",
    face: int = 0,
    detector: Detector | None = None,
    role: str = "source",
) -> tuple[Crop, str | None]:
    """Choose the square of a portrait to animate.

    Args:
        image: uint8 RGB (H, W, 3).
        mode: "auto" frames a face with room for the hair, turned with it where it lies, is upside
            down or is tilted by more than 25 degrees; "none" is the centre square; or the square.
        face: number of the face by size, 0 is the largest.
        detector: default: `make_detector()`.
        role: name of the input in messages.

    Returns:
        The square (the centre square without a face), and a warning or None.

    Raises:
        InputError: there are faces but not so many, or the square shows nothing.
    """
    height, width = image.shape[:2]
    if isinstance(mode, Crop):
        return _inside(mode, height, width, role), None
    _check_mode(mode, ("auto", "none"))
    if mode == "none":
        return centre_square(height, width), None
    detector = detector or make_detector()
    seen = upright_faces(image, detector)
    check_face(face, len(seen.faces), role)
    if not seen.faces:
        return centre_square(height, width), (
            f"{role}: no face was found (by {detector.name}); the centre square is used; "
            "draw another: --source-crop X,Y,SIDE"
        )
    square, notes = _framed(seen, face, height, width)
    return square, _warning(role, notes)


def face_crops(
    image: np.ndarray, detector: Detector | None = None
) -> list[tuple[Crop, list[str], float]]:
    """Choose the squares of all faces of a portrait, largest face first, as `source_crop` does.

    Returns:
        For each face its square, notes on it, and the height of the face in pixels.
    """
    seen = upright_faces(image, detector or make_detector())
    return [
        (*_framed(seen, face, *image.shape[:2]), one.box.height)
        for face, one in enumerate(seen.faces)
    ]


def _framed(seen: Upright, face: int, height: int, width: int) -> tuple[Crop, list[str]]:
    """Return the square of a face in the unturned picture (height, width), and notes on it."""
    chosen = seen.faces[face]
    level = is_profile(chosen) or abs(chosen.roll) <= LEVEL
    turned = (width, height) if seen.turns % 2 else (height, width)
    square = portrait_square(chosen.box, *turned, 0.0 if level else chosen.roll)
    square = square.turned_back(seen.turns, height, width)
    return square, portrait_notes(chosen, square.roll, Box(0, 0, turned[1], turned[0]))


def driving_crop(
    path_or_frames: str | os.PathLike | Clip | Iterable[np.ndarray],
    mode: str = "auto",
    detector: Detector | None = None,
    face: int = 0,
    role: str = "driving",
    info: VideoInfo | None = None,
    cancel: Cancel | None = None,
) -> tuple[Crop, str | None]:
    """Choose one square for all frames of a clip, so that motion and scale changes are kept.

    The clip is read once, in constant memory.

    Args:
        path_or_frames: the clip, or its frames. With "none" only the first frame is read.
        mode: "none" is the centre square; "fixed" frames the union of the face boxes; "auto" is
            "none" for a square clip whose face takes 20 to 80 % of its height, else "fixed", unless
            the face moves so far that it would be very small: then each shot has its own square
            (`Crop.at`), which follows a face that moves within the shot.
        detector: default: `make_detector()`.
        face: number of the face by size, 0 is the largest.
        role: name of the input in messages.
        info: properties of the file, if known.
        cancel: ends the reading of a file once it returns True.

    Returns:
        The square (the centre square without a face), and a warning or None.

    Raises:
        InputError: the clip cannot be read, there are faces but not so many, or the reading was
            cancelled.
    """
    _check_mode(mode, ("auto", "fixed", "none"))
    if isinstance(path_or_frames, str | os.PathLike | Clip):
        info = info or probe(path_or_frames, role, cancel)
        frames, total, size = (
            read_frames(path_or_frames, role=role, cancel=cancel),
            info.frames,
            info.size,
        )
    else:
        frames, total, size = path_or_frames, None, None
    notes = []
    if info is not None and info.damaged:
        notes.append(f"the file is damaged; {info.frames} frames of it can be read")
    if info is not None and info.track and not info.audio:
        notes.append("its sound cannot be decoded; the result is silent")
    if mode == "none":
        return centre_square(*(size or _first_size(frames, role))), _warning(role, notes)
    detector = detector or make_detector()
    track = track_face(frames, detector, face, total, role)
    square, moves = clip_square(track, mode)
    return square, _warning(role, notes + _notes_on(track, detector) + moves)


def clip_square(track: FaceTrack, mode: str = "auto") -> tuple[Crop, list[str]]:
    """Return the square of `driving_crop` ("auto" or "fixed") for a face track, and notes."""
    least, most = ALREADY_FRAMED
    square = abs(track.height - track.width) <= 0.02 * max(track.height, track.width)
    shots = _shots(track) if mode == "auto" and track.boxes else []
    framed = square and shots and all(least <= one.relative_height <= most for one in shots)
    resized = any(_is_resized(one.side, other.side) for one, other in pairwise(shots))
    notes = []
    if not track.boxes or framed:
        crop = centre_square(track.height, track.width)
    elif shots and (resized or _is_wide(track)):
        crop = moving(step for shot in shots for step in _path_of(shot))
        what = "changes its size at a cut" if resized else "moves far across the picture"
        words = f"each of its {len(shots)} shots gets its own square"
        words = words if len(shots) > 1 else "its square follows it slowly"
        notes.append(f"the face {what}; {words}")
    else:
        crop = face_square(track.union, track.side, track.height, track.width)
        if _is_wide(track):
            notes.append("the face moves so far that it is small in one square for all frames")
    size = (track.width, track.height) if track.turns % 2 else (track.height, track.width)
    return crop.turned_back(track.turns, *size), notes


def _is_wide(track: FaceTrack) -> bool:
    """Return whether the face would be too small in one square around all its positions."""
    return len(track.frames) > 1 and track.union.side > WIDE * track.side


def _is_resized(side: float, other: float) -> bool:
    return max(side, other) > RESIZED * min(side, other)


def _shots(track: FaceTrack) -> list[FaceTrack]:
    """Split the track where the face jumps or is resized, and the picture changes abruptly."""
    starts, firsts = [0], [0]  # by box, by frame
    for index in range(1, len(track.boxes)):
        before, box = track.boxes[index - 1], track.boxes[index]
        far = math.dist(before.centre, box.centre) > JUMP * max(before.side, box.side)
        far |= _is_resized(before.side, box.side)
        changes = track.changes[track.frames[index - 1] + 1 : track.frames[index] + 1]
        if far and changes.size and changes.max() > CUT:
            starts.append(index)
            firsts.append(track.frames[index - 1] + 1 + int(changes.argmax()))
    ends, lasts = [*starts[1:], len(track.boxes)], [*firsts[1:], len(track.changes)]
    return [
        replace(track, boxes=track.boxes[a:b], frames=track.frames[a:b], first=first, last=last)
        for a, b, first, last in zip(starts, ends, firsts, lasts, strict=True)
    ]


def _path_of(shot: FaceTrack) -> Iterator[tuple[int, Crop]]:
    """Yield the squares of one shot, each with its first frame."""
    if not _is_wide(shot):
        yield shot.first, face_square(shot.union, shot.side, shot.height, shot.width)
        return
    centres = np.array([box.centre for box in shot.boxes])  # (looks, 2)
    padded = np.pad(centres, ((CALM // 2, CALM // 2), (0, 0)), mode="edge")
    calm = np.lib.stride_tricks.sliding_window_view(padded, CALM, axis=0).mean(axis=-1)
    beside = 2 * np.abs(centres - calm).max()
    loose, tight = (share * shot.side + beside for share in (FRAMING, TIGHTEST))
    size = round(min(loose, max(tight, min(shot.height, shot.width))))
    frames = np.arange(shot.first, shot.last)
    x, y = (np.interp(frames, shot.frames, calm[:, axis]) - size / 2 for axis in (0, 1))
    for frame, left, top in zip(frames.tolist(), x, y, strict=True):
        yield frame, Crop(round(left), round(top), size)


def _notes_on(track: FaceTrack, detector: Detector) -> list[str]:
    if not track.boxes:
        return [f"no face was found in any of {track.sampled} frames examined (by {detector.name})"
                "; the centre square is used and the portrait does not move; to animate it anyway, "
                "give --driving-crop none"]  # fmt: skip
    notes = []
    if track.turns:
        notes.append("its faces are not upright; every frame is rotated")
    picture = Box(0, 0, track.width, track.height)
    if half := sum(box.is_half(picture) for box in track.boxes):
        notes.append(f"much of the face is outside the picture in {half} of {track.sampled} "
                     "examined frames; the result holds still there")  # fmt: skip
    if track.share < FEW_FACES:
        notes.append(f"a face was found in only {len(track.boxes)} of {track.sampled} examined "
                     "frames; check the crop")  # fmt: skip
    return notes


def _warning(role: str, notes: list[str]) -> str | None:
    """Join notes to a warning; None without a note."""
    return f"{role}: {'; '.join(notes)}" if notes else None


def _inside(crop: Crop, height: int, width: int, role: str) -> Crop:
    """Return the crop. Raises InputError where it shows too little of the picture."""
    if crop.size < 1 or not (-crop.size < crop.left < width and -crop.size < crop.top < height):
        raise InputError(f"{role}: the square {crop.left},{crop.top},{crop.size} lies outside the "
                         f"{width}x{height} pixels; place it inside")  # fmt: skip
    if crop.size > MOST_REACH * max(height, width):
        raise InputError(f"{role}: the square's side of {crop.size} is too large for "
                         f"{width}x{height} pixels; give a smaller one")  # fmt: skip
    return crop


def _first_size(frames: Iterable[np.ndarray], role: str) -> tuple[int, int]:
    """Return (height, width) of a clip's first frame."""
    frame = next(iter(frames), None)
    if frame is None:
        raise InputError(f"{role}: the clip has no frames; give another")
    return frame.shape[:2]


def _check_mode(mode: str, modes: tuple[str, ...]) -> None:
    if mode not in modes:
        raise ValueError(f"the crop is {' or '.join(modes)}, found {mode!r}")
