"""Which square of a picture or of a clip the model sees, and what is to be said of it."""

import os
from collections.abc import Iterable

import numpy as np

from ostnet.errors import InputError
from ostnet.media.faces import Detector, make_detector
from ostnet.media.following import following_square, is_wide
from ostnet.media.limits import MOST_REACH
from ostnet.media.square import Crop, centre_square, face_square, level_square
from ostnet.media.track import FaceTrack, follow, track_face
from ostnet.media.upright import upright_faces
from ostnet.media.video import VideoInfo, probe, read_frames

ALREADY_FRAMED = (0.2, 0.8)
"""Face heights, as shares of a square clip's height, that need no crop."""

SMALL_FACE = 64
"""Pixels of a portrait's face under which a sharp result is not to be expected."""

FEW_FACES = 0.5
"""Share of sampled frames with a face under which the crop of a clip deserves a look."""


LEVEL = 25
"""Roll in degrees beyond which a portrait is levelled; the networks cope with less."""

TURNED = {90: "lies on its side", 180: "stands on its head", -90: "lies on its side"}
"""What is said of a face that is upright after so many degrees, counter-clockwise."""


def source_crop(
    image: np.ndarray,
    mode: str | Crop = "auto",
    face: int = 0,
    detector: Detector | None = None,
    role: str = "source",
) -> tuple[Crop, str | None]:
    """The square of a portrait (uint8 RGB (H, W, 3)) to animate, and a warning or None.

    "auto" frames the largest face (or the `face`-th, counted from 0) VoxCeleb-style, turned with
    it where it lies, stands on its head or is tilted by more than 25 degrees; "none" takes the
    centre square; a `Crop` is taken as it is. Without a face: the centre square and a warning.
    Raises InputError where there are faces but not so many, or nothing is in the crop. `detector`
    defaults to `make_detector()`.
    """
    height, width = image.shape[:2]
    if isinstance(mode, Crop):
        return _inside(mode, height, width, role), None
    _check_mode(mode, ("auto", "none"))
    if mode == "none":
        return centre_square(height, width), None
    detector = detector or make_detector()
    seen = upright_faces(image, detector)
    if not follow([[sighting.box for sighting in seen.faces]], face, role):
        return centre_square(height, width), (
            f"{role}: no face was found (by {detector.name}); the centre square is used; "
            "draw another: --source-crop X,Y,SIDE"
        )
    chosen = seen.faces[face]
    box, roll = chosen.box, chosen.roll if abs(chosen.roll) > LEVEL else 0.0
    turned = (width, height) if seen.turns % 2 else (height, width)
    square = level_square(box, roll, *turned) if roll else face_square(box, box.side, *turned)
    square = square.turned_back(seen.turns, height, width)
    notes = []
    if square.roll in TURNED:
        notes.append(f"the face {TURNED[round(square.roll)]}; "
                     f"turned upright by {abs(square.roll):.0f} degrees")  # fmt: skip
    elif square.roll:
        notes.append(f"the head is tilted by {abs(square.roll):.0f} degrees; levelled")
    if box.height < SMALL_FACE:
        notes.append(f"the face is only {box.height:.0f} pixels high; "
                     "a larger picture gives a sharper result")  # fmt: skip
    return square, _said(role, notes)


def driving_crop(
    path_or_frames: str | os.PathLike | Iterable[np.ndarray],
    mode: str = "auto",
    detector: Detector | None = None,
    face: int = 0,
    role: str = "driving",
    info: VideoInfo | None = None,
) -> tuple[Crop, str | None]:
    """ONE square for all frames of a clip, and a warning or None.

    The square never follows the face, so that motion and changes of distance stay in the clip:
    "none" is the centre square; "fixed" frames the union of the face boxes; "auto" is "none"
    where the clip is square already and the face takes 20 to 80 % of its height, else "fixed",
    unless the face moves so far that such a square would show it very small: then each shot has
    a square of its own (`Crop.at`), of fixed size. Without a face: the centre square and a
    warning; the warning also says when a face was found in less than half of the sampled frames,
    when the clip is turned upright, and when the file is damaged.

    The clip is read once, frame by frame, and faces are looked for in a sample of its frames,
    at most 60 of a file (see `track_face`). An iterator of frames is used up, with "none" only
    its first frame. `info` is what `probe` found in the file, where that is known already.
    """
    _check_mode(mode, ("auto", "fixed", "none"))
    if isinstance(path_or_frames, str | os.PathLike):
        info = info or probe(path_or_frames, role)
        frames, total, size = read_frames(path_or_frames, role=role), info.frames, info.size
    else:
        frames, total, size = path_or_frames, None, None
    notes = []
    if info is not None and info.damaged:
        notes.append(f"the file is damaged; {info.frames} frames of it can be read")
    if mode == "none":
        return centre_square(*(size or _first_size(frames, role))), _said(role, notes)
    detector = detector or make_detector()
    track = track_face(frames, detector, face, total, role)
    square, moves = clip_square(track, mode)
    return square, _said(role, notes + _doubts(track, detector) + moves)


def clip_square(track: FaceTrack, mode: str = "auto") -> tuple[Crop, list[str]]:
    """The square that `driving_crop` takes ("auto" or "fixed") for a face followed before.

    And what the user should know of it.
    """
    least, most = ALREADY_FRAMED
    square = abs(track.height - track.width) <= 0.02 * max(track.height, track.width)
    notes = []
    if not track.boxes or (mode == "auto" and square and least <= track.relative_height <= most):
        crop = centre_square(track.height, track.width)
    elif is_wide(track) and mode == "auto":
        crop, words = following_square(track)
        notes.append(f"the face moves far across the picture; {words}")
    else:
        crop = face_square(track.union, track.side, track.height, track.width)
        if is_wide(track):
            notes.append("the face moves so far that it is small in one square for all frames")
    size = (track.width, track.height) if track.turns % 2 else (track.height, track.width)
    return crop.turned_back(track.turns, *size), notes


def _doubts(track: FaceTrack, detector: Detector) -> list[str]:
    if not track.boxes:
        return [f"no face was found in any of {track.sampled} frames looked at "
                f"(by {detector.name}); the centre square is used and the portrait keeps still; "
                "to animate it all the same: --driving-crop none"]  # fmt: skip
    notes = []
    if track.turns:
        notes.append("its faces are not upright; every frame is turned")
    if track.share < FEW_FACES:
        notes.append(f"a face was found in only {len(track.boxes)} of {track.sampled} frames "
                     "looked at; check the crop")  # fmt: skip
    return notes


def _said(role: str, notes: list[str]) -> str | None:
    """One line of all that should be known, or None."""
    return f"{role}: {'; '.join(notes)}" if notes else None


def _inside(crop: Crop, height: int, width: int, role: str) -> Crop:
    """The crop, if it shows enough of the picture."""
    if crop.size < 1 or not (-crop.size < crop.left < width and -crop.size < crop.top < height):
        raise InputError(f"{role}: the square {crop.left},{crop.top},{crop.size} shows nothing of "
                         f"{width}x{height} pixels; draw it inside")  # fmt: skip
    if crop.size > MOST_REACH * max(height, width):
        raise InputError(f"{role}: the square's side of {crop.size} is too large for "
                         f"{width}x{height} pixels; draw it inside")  # fmt: skip
    return crop


def _first_size(frames: Iterable[np.ndarray], role: str) -> tuple[int, int]:
    """(height, width) of a clip's first frame."""
    frame = next(iter(frames), None)
    if frame is None:
        raise InputError(f"{role}: the clip has no frames; give another")
    return frame.shape[:2]


def _check_mode(mode: str, modes: tuple[str, ...]) -> None:
    if mode not in modes:
        raise ValueError(f"the crop is {' or '.join(modes)}, found {mode!r}")
