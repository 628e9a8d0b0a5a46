"""Cheap checks of driving frames: whether one shows a face, and whether it starts a new shot."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from ostnet.media.faces import Box


class AbruptChange:
    """Finds the frames of a clip that differ abruptly from the one before.

    Args:
        change: mean absolute difference of two thumbnails, in [0, 1], that is called abrupt.
    """

    def __init__(self, change: float):
        self.change = change
        self.thumbnail: np.ndarray | None = None

    def __call__(self, frame: np.ndarray) -> bool:
        """Return True for an abrupt change, and for the first frame; uint8 RGB (H, W, 3)."""
        thumbnail, before = _thumbnail(frame), self.thumbnail
        self.thumbnail = thumbnail
        if before is None or before.shape != thumbnail.shape:
            return True
        return bool(np.abs(thumbnail - before).mean() > self.change)


class FacePresence:
    """Finds the frames of a clip that show a whole face; runs the detector on few of them.

    While there is a face the detector runs on every ``every``-th frame and wherever the picture
    changes abruptly (a cut, a blank frame); once the face is lost, on every frame until it is
    back. So a cut is noticed at once, and a face that slides out of the picture within ``every``
    frames.

    Args:
        detect: finds the faces in uint8 RGB (H, W, 3).
        expected: whether the clip is known to show a face. If not, no face counts as lost before
            the detector has found a first one, so that a drawing that the detector does not
            recognise is animated too.
        every: frames from one detection to the next.
        change: mean absolute difference of two thumbnails, in [0, 1], that is called abrupt.
    """

    def __init__(
        self,
        detect: Callable[[np.ndarray], list[Box]],
        expected: bool = False,
        every: int = 5,
        change: float = 0.06,
    ):
        self.detect, self.every, self.abrupt = detect, every, AbruptChange(change)
        self.found_before = expected
        self.present = False
        self.since = 0

    def __call__(self, frame: np.ndarray, picture: Box) -> bool:
        """Return True if the frame is to be animated, False if its face is lost or half outside.

        ``picture`` is the part of the frame that is no repeated edge.
        """
        cut = self.abrupt(frame)
        self.since += 1
        if not self.present or cut or self.since >= self.every:
            self.since = 0
            self.present = any(not face.is_half(picture) for face in self.detect(frame))
            self.found_before |= self.present
        return self.present or not self.found_before


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    """Return about 16 x 16 block means of the grey picture, in [0, 1]."""
    height, width = (max(1, side // 16) for side in frame.shape[:2])
    return np.asarray(Image.fromarray(frame).reduce((width, height))).mean(-1) / 255
