"""Square and quality of a track, and the reason why it is dropped."""

from dataclasses import astuple, dataclass
from statistics import median

import numpy as np

from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.tracks import Track
from ostnet.media.faces import Box
from ostnet.media.square import Crop
from ostnet.media.track import FaceTrack

FACE = 128
"""Side in pixels to which a face is shrunk before its sharpness is measured."""


@dataclass(frozen=True)
class Framing:
    """A square inside the picture, and its deviation from the wanted one."""

    crop: Crop
    margin: float
    """Its side in face sides without the face's movement; less than wanted in a small picture."""
    shift: float
    """Shift from the face's centre as a share of its side."""


def frame_face(faces: FaceTrack, margin: float) -> Framing:
    """Return the square around all boxes of a face, of ``margin`` face sides plus the movement.

    It shrinks and moves to stay inside the picture.
    """
    union, side = faces.union, faces.side
    wanted = union.side + (margin - 1) * side
    crop, shift = _inside(union, wanted, faces.height, faces.width)
    return Framing(crop, (crop.size - union.side) / side + 1, shift)


def square_of(region: Box, height: int, width: int) -> Crop:
    """Return the square around a region in picture heights, moved inside the picture."""
    pixels = Box(*(height * edge for edge in astuple(region)))
    return _inside(pixels, pixels.side, height, width)[0]


def _inside(around: Box, side: float, height: int, width: int) -> tuple[Crop, float]:
    """Return a square of about that side around a box, and its shift as a share of its side."""
    size = min(round(side), height, width)
    wanted = [round(middle - size / 2) for middle in around.centre]
    left, top = (
        min(max(start, 0), limit - size)
        for start, limit in zip(wanted, (width, height), strict=True)
    )
    shift = max(abs(left - wanted[0]), abs(top - wanted[1])) / size
    return Crop(left, top, size), shift


def sharpness(image: np.ndarray, box: Box) -> float:
    """Return the variance of the Laplacian over a face, on grey levels 0 to 255.

    The face's longer side is shrunk to 128 pixels first; smaller faces are not scaled. 0 where the
    box is outside the picture.
    """
    from PIL import Image

    height, width = image.shape[:2]
    left, top = max(int(box.left), 0), max(int(box.top), 0)
    right, bottom = min(int(box.right), width), min(int(box.bottom), height)
    if right - left < 3 or bottom - top < 3:
        return 0.0
    face = Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right])).convert("L")
    ratio = FACE / max(face.size)
    if ratio < 1:
        face = face.resize(
            [max(3, round(ratio * side)) for side in face.size], Image.Resampling.BILINEAR
        )
    grey = np.asarray(face, np.float32)
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.var())


def flaw(track: Track, framing: Framing | None, config: PrepareConfig) -> str | None:
    """Return why a track is dropped, or None; ``framing`` is None for a given square."""
    if track.frames < config.min_frames:
        return f"{track.frames} frames; at least {config.min_frames} wanted"
    if not track.seen or track.lost > config.max_lost:
        return f"no face in {track.lost:.0%} of the frames examined; at most {config.max_lost:.0%}"
    side = median(box.side for box in track.boxes)
    if config.min_face is not None and side < config.min_face:
        return f"face of {side:.0f} pixels; at least {config.min_face} wanted"
    if track.sharpness < config.min_sharpness:
        return f"sharpness {track.sharpness:.0f}; at least {config.min_sharpness:.0f} wanted"
    if framing is None:
        return None
    if framing.margin < config.min_margin:
        return f"room for {framing.margin:.2f} face sides; at least {config.min_margin} wanted"
    if framing.shift > config.max_shift:
        return f"square moved by {framing.shift:.0%} of its side; at most {config.max_shift:.0%}"
    return None
