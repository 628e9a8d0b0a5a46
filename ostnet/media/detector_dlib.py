"""dlib's face detector, for those who have the package."""

import math
from dataclasses import astuple

import numpy as np

from ostnet.media.box import Box, largest_first, resized

SIDES = (480, 438)
"""It sees the picture brought to the area of squares of these sides, in pixels.

It steps through sizes by a fifth: the mean of two looks is steadier.
"""

DISTANT_SIDE = 1000
"""The same for a slower look for small faces."""

SURE_SIDE = 110
"""Pixels of the largest face in the first looks (it sees from 80) that make that one needless."""

LEAST_SCORE = 0.2
"""Score under which a detection is more likely a false one (true frontal ones: 1 to 2)."""

FOREHEAD = 0.08
"""Its box starts at the brows. Share of its height added above."""


class DlibDetector:
    """dlib's frontal face detector (histogram of oriented gradients), on small grey copies.

    Sees faces of a sixth of a square picture's side; where it finds none, or only small ones,
    it looks again at a larger copy, for faces down to a twelfth. Profiles are often missed.
    """

    name = "dlib"
    most_samples = 60

    def __init__(self):
        import dlib

        self._detector = dlib.get_frontal_face_detector()  # pyright: ignore[reportAttributeAccessIssue]

    def detect(self, image: np.ndarray) -> list[Box]:
        """Faces in a uint8 RGB picture (H, W, 3), largest first."""
        found, largest = [], 0.0
        for side in SIDES:
            boxes, ratio = self._look(image, side)
            found += boxes
            largest = max([largest, *(ratio * box.side for box in boxes)])
        if largest < SURE_SIDE:
            found += self._look(image, DISTANT_SIDE)[0]
        return largest_first(_merged(found))

    def _look(self, image: np.ndarray, side: int) -> tuple[list[Box], float]:
        """Faces in a copy of the area of a square of that side, and the copy's scale."""
        small, ratio = resized(image, side, "L")
        found, scores, _ = self._detector.run(small, 0)
        boxes = []
        for face, score in zip(found, scores, strict=True):
            if score >= LEAST_SCORE:
                top = face.top() - FOREHEAD * face.height()
                edges = (face.left(), top, face.right() + 1, face.bottom() + 1)
                boxes.append(Box(*(float(edge / ratio) for edge in edges)))
        return boxes, ratio


def _merged(boxes: list[Box]) -> list[Box]:
    """The mean box of each group whose centres lie within half a face."""
    groups: list[list[Box]] = []
    for box in boxes:
        for group in groups:
            if math.dist(box.centre, group[0].centre) < 0.5 * group[0].side:
                group.append(box)
                break
        else:
            groups.append([box])
    return [Box(*np.mean([astuple(box) for box in group], axis=0).tolist()) for group in groups]
