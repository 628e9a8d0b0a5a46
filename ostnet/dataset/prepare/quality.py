"""Which tracks are worth keeping, and why the others are not."""

from statistics import median

import numpy as np

from ostnet.dataset.prepare.crops import Framing
from ostnet.dataset.prepare.settings import PrepareConfig
from ostnet.dataset.prepare.tracks import Track
from ostnet.media.faces import Box

FACE = 128
"""Side in pixels that a face is brought to before its sharpness is measured."""


def sharpness(image: np.ndarray, box: Box) -> float:
    """Variance of the Laplacian over a face, on grey levels 0 to 255.

    The face's longer side is shrunk to 128 pixels first, so that size does not matter; smaller
    faces stay as they are. 0 where the box lies outside the picture.
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
    """Why a track is dropped, or None; without ``framing`` its square was given."""
    if track.frames < config.min_frames:
        return f"{track.frames} frames; at least {config.min_frames} wanted"
    if not track.seen or track.lost > config.max_lost:
        return f"no face in {track.lost:.0%} of the looks; at most {config.max_lost:.0%} allowed"
    side = median(box.side for box in track.boxes)
    if side < config.min_face:
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
