"""Which square of a picture or of a clip the model sees."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ostnet.errors import InputError
from ostnet.media.faces import Box, Detector, make_detector
from ostnet.media.track import FaceTrack, track_face
from ostnet.media.video import VideoInfo, probe, read_frames

FRAMING = 1.85
"""Side of the crop in face sides: VoxCeleb shows a face this loosely."""

TIGHTEST = 1.25
"""The same where the picture ends sooner; a crop reaches over all its edges only beyond that."""

LARGEST_SHIFT = 0.15
"""Share of its side by which a crop moves to stay inside the picture; beyond, it reaches over."""

ALREADY_FRAMED = (0.2, 0.8)
"""Face heights, as shares of a square clip's height, that need no crop."""

SMALL_FACE = 64
"""Pixels of a portrait's face under which a sharp result is not to be expected."""

FEW_FACES = 0.5
"""Share of sampled frames with a face under which the crop of a clip deserves a look."""


@dataclass(frozen=True)
class Crop:
    """A square in pixels of a picture; it may reach over the picture's edges."""

    left: int
    top: int
    size: int

    def apply(self, image: np.ndarray, output: int = 256) -> np.ndarray:
        """The square of a uint8 picture (H, W, 3), scaled to (output, output, 3).

        Outside the picture its edge pixels are repeated; shrinking is anti-aliased.
        """
        from PIL import Image

        height, width = image.shape[:2]
        top, bottom = max(self.top, 0), min(self.top + self.size, height)
        left, right = max(self.left, 0), min(self.left + self.size, width)
        if top >= bottom or left >= right:
            raise ValueError(f"{self} lies outside a picture of {width}x{height} pixels")
        square = image[top:bottom, left:right]
        if square.shape[:2] != (self.size, self.size):
            rows = (top - self.top, self.top + self.size - bottom)
            columns = (left - self.left, self.left + self.size - right)
            square = np.pad(square, (rows, columns, (0, 0)), mode="edge")
        if self.size == output:
            return square.copy()
        picture = Image.fromarray(np.ascontiguousarray(square))
        return np.array(
            picture.resize((output, output), Image.Resampling.BICUBIC, reducing_gap=1.1)
        )


def centre_square(height: int, width: int) -> Crop:
    """The largest square in the middle of a picture."""
    size = min(height, width)
    return Crop((width - size) // 2, (height - size) // 2, size)


def face_square(around: Box, side: float, height: int, width: int) -> Crop:
    """A square around a face, framed as VoxCeleb does, in a picture of that height and width.

    `around` holds every place of the face and `side` is its usual size: a face that stays in
    place takes 1 / 1.85 of the square, and one that moves keeps the same room beside it. Where
    the picture is smaller than that the square shrinks with it, down to 1.25 face sides. It
    moves a little to stay inside the picture, and reaches over the edge where that is not
    enough, so that the face is never far from its middle.
    """
    loose, tight = (around.side + (share - 1) * side for share in (FRAMING, TIGHTEST))
    size = round(min(loose, max(tight, min(height, width))))
    left, top = (round(middle - size / 2) for middle in around.centre)
    return Crop(_inwards(left, size, width), _inwards(top, size, height), size)


def _inwards(start: int, size: int, limit: int) -> int:
    """Move the interval [start, start + size) to lie in [0, limit), or around it, by a little."""
    nearest = min(max(start, min(0, limit - size)), max(0, limit - size))
    most = round(LARGEST_SHIFT * size)
    return start + min(max(nearest - start, -most), most)


def source_crop(
    image: np.ndarray,
    mode: str = "auto",
    face: int = 0,
    detector: Detector | None = None,
    role: str = "source",
) -> tuple[Crop, str | None]:
    """The square of a portrait (uint8 RGB (H, W, 3)) to animate, and a warning or None.

    "auto" frames the largest face (or the `face`-th, counted from 0) VoxCeleb-style, "none" takes
    the centre square. Without a face: the centre square and a warning. Raises InputError where
    there are faces but not so many. `detector` defaults to `make_detector()`.
    """
    _check_mode(mode, ("auto", "none"))
    height, width = image.shape[:2]
    if mode == "none":
        return centre_square(height, width), None
    detector = detector or make_detector()
    track = track_face([image], detector, face, role=role)
    if not track.boxes:
        return centre_square(height, width), _no_face(role, track, detector)
    box = track.boxes[0]
    warning = None
    if box.height < SMALL_FACE:
        warning = (f"{role}: the face is only {box.height:.0f} pixels high; "
                   "a larger picture gives a sharper result")  # fmt: skip
    return face_square(box, box.side, height, width), warning


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
    where the clip is square already and the face takes 20 to 80 % of its height, else "fixed".
    Without a face: the centre square and a warning; the warning also says when a face was found
    in less than half of the sampled frames.

    The clip is read once, frame by frame, and faces are looked for in a sample of its frames,
    at most 60 of a file (see `track_face`). An iterator of frames is used up, with "none" only
    its first frame. `info` is what `probe` found in the file, where that is known already.
    """
    _check_mode(mode, ("auto", "fixed", "none"))
    if not isinstance(path_or_frames, str | os.PathLike):
        if mode == "none":
            return centre_square(*_first_size(path_or_frames, role)), None
        detector = detector or make_detector()
        track = track_face(path_or_frames, detector, face, role=role)
    else:
        info = info or probe(path_or_frames, role)
        if mode == "none":
            return centre_square(info.height, info.width), None
        detector = detector or make_detector()
        frames = read_frames(path_or_frames, role=role)
        track = track_face(frames, detector, face, info.frames, role)
    return clip_square(track, mode), _doubt(track, detector, role)


def clip_square(track: FaceTrack, mode: str = "auto") -> Crop:
    """The square that `driving_crop` takes ("auto" or "fixed") for a face followed before."""
    least, most = ALREADY_FRAMED
    square = abs(track.height - track.width) <= 0.02 * max(track.height, track.width)
    if not track.boxes or (mode == "auto" and square and least <= track.relative_height <= most):
        return centre_square(track.height, track.width)
    return face_square(track.union, track.side, track.height, track.width)


def _doubt(track: FaceTrack, detector: Detector, role: str) -> str | None:
    if not track.boxes:
        return _no_face(role, track, detector)
    if track.share < FEW_FACES:
        return (f"{role}: a face was found in only {len(track.boxes)} of {track.sampled} frames "
                f"looked at; check the crop")  # fmt: skip
    return None


def _no_face(role: str, track: FaceTrack, detector: Detector) -> str:
    where = "" if track.sampled == 1 else f" in any of {track.sampled} frames looked at"
    return f"{role}: no face was found{where} (by {detector.name}); the centre square is used"


def _first_size(frames: Iterable[np.ndarray], role: str) -> tuple[int, int]:
    """(height, width) of a clip's first frame."""
    frame = next(iter(frames), None)
    if frame is None:
        raise InputError(f"{role}: the clip has no frames; give another")
    return frame.shape[:2]


def _check_mode(mode: str, modes: tuple[str, ...]) -> None:
    if mode not in modes:
        raise ValueError(f"the crop is {' or '.join(modes)}, found {mode!r}")
