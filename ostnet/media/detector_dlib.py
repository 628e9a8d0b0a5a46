"""dlib's face detector, where the package is installed."""

import math
from dataclasses import astuple

import numpy as np

from ostnet.media.faces import Box, largest_first, resized

SIDES = (480, 438)
"""The picture is scaled to the area of squares of these sides, in pixels.

The detector's sizes differ by a fifth; the mean of two runs is more stable.
"""

DISTANT_SIDE = 1000
"""The same for a slower run that finds small faces."""

SURE_SIDE = 110
"""Side in pixels of the largest face in the first runs that makes the slower run unnecessary."""

LEAST_SCORE = 0.2
"""Score below which a detection is probably false (true frontal faces: 1 to 2)."""

FOREHEAD = 0.08
"""Share of its height by which a box is extended upwards, since it starts at the brows."""


class DlibDetector:
    """dlib's frontal face detector (histogram of oriented gradients) on small grey copies.

    It finds faces from a sixth of a square picture's side; without any, or with small ones only, a
    second run on a larger copy finds them from a twelfth. Profiles are often missed.
    """

    name = "dlib"
    most_samples = 60

    def __init__(self):
        import dlib

        self._detector = dlib.get_frontal_face_detector()  # pyright: ignore[reportAttributeAccessIssue]

    def detect(self, image: np.ndarray) -> list[Box]:
        """Find faces in a uint8 RGB picture (H, W, 3), largest first."""
        found, largest = [], 0.0
        for side in SIDES:
            boxes, ratio = self._detect(image, side)
            found += boxes
            largest = max([largest, *(ratio * box.side for box in boxes)])
        if largest < SURE_SIDE:
            found += self._detect(image, DISTANT_SIDE)[0]
        return largest_first(_merged(found))

    def _detect(self, image: np.ndarray, side: int) -> tuple[list[Box], float]:
        """Find faces in a copy with the area of a square of that side; also return its scale."""
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
    """Return the mean box of each group whose centres are within half a face."""
    groups: list[list[Box]] = []
    for box in boxes:
        for group in groups:
            if math.dist(box.centre, group[0].centre) < 0.5 * group[0].side:
                group.append(box)
                break
        else:
            groups.append([box])
    return [Box(*np.mean([astuple(box) for box in group], axis=0).tolist()) for group in groups]
