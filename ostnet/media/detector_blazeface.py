"""BlazeFace as a detector: faces of any size, upright ones and tilted ones.

The full-range network proposes: it looks at the whole picture, and while it finds nothing at
overlapping tiles of it, smaller and smaller ones. The short-range network then looks at each
proposed face alone, confirms it, and says where exactly it is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from ostnet.media.blazeface_networks import FULL_RANGE, SHORT_RANGE, BlazeNet, Mark, distinct
from ostnet.media.box import Box

SCALES = (1, 0.5, 2, 4, 8)
"""Longer side of the picture in sides of the square that the network sees, look by look.

Half is for a face that fills the picture. Pictures are never enlarged to make tiles of them.
"""

STEP = 2 / 3
"""From one tile to the next, in sides: a larger face has been found at the scale before."""

PROPOSED = 0.3
"""Score from which the full-range network proposes."""

MOST_PROPOSED = 12
"""How many of a look's proposals are followed up."""

ROOM = 2.0
"""Side of the square in which a proposed face is looked at, in sides of the proposal."""

GREY = (128, 128, 128)
"""Beyond the picture's edges in that look: half a face is seen better there than beside black."""

LEVEL = 15
"""Roll in degrees beyond which the face is turned upright and looked at once more."""

SEEN = 0.5
"""Score that the short-range network must give there in any case."""

SURE = 0.68
"""Least mean of both scores, the second counting twice.

Faces are found in all of 544 pictures of real ones; in 72 pictures without one, whose 745
proposals reach 0.66, none is.
"""

CLOSE = 0.2
"""Intersection over union above which what is seen there is the proposed face."""

LIFT = 0.08
"""Centre of the face, from the middle of nose and square towards the forehead, in sides."""

HEIGHT = 1.06
"""From forehead to chin, in sides of the network's square."""

SLIMNESS = 1.08
"""Height of a face's box in its widths."""


@dataclass(frozen=True)
class Sighting:
    """A face, and how sure its finder is."""

    box: Box
    roll: float
    """By how much the head is turned clockwise in the picture, in degrees, -180 to 180."""
    score: float
    """0 to 1."""


class BlazeFaceDetector:
    """MediaPipe's BlazeFace networks on one CPU thread.

    Finds faces from about 22 pixels on in photos of 12 megapixels and less, and heads tilted by up
    to 70 degrees either way. A look takes 5 ms where the whole picture shows a face, 0.1 to 0.4 s
    where every tile of such a photo has to be looked at.
    """

    name = "blazeface"
    most_samples = 60

    def __init__(self):
        self._wide, self._near = BlazeNet(FULL_RANGE), BlazeNet(SHORT_RANGE)

    def detect(self, image: np.ndarray) -> list[Box]:
        """Faces in a uint8 RGB picture (H, W, 3), largest first."""
        return [sighting.box for sighting in self.sightings(image)]

    def sightings(self, image: np.ndarray) -> list[Sighting]:
        """The same, with roll and score."""
        picture = Image.fromarray(image)
        for scale in SCALES:
            if scale > 1 and scale * self._wide.side > max(picture.size):
                break
            found = self._look(picture, scale)
            if found:
                return sorted((_sighting(mark) for mark in found), key=_area, reverse=True)
        return []

    def _look(self, picture: Image.Image, scale: float) -> list[Mark]:
        """Faces confirmed among those that are proposed at one scale."""
        proposals: list[Mark] = []
        for square, corner, ratio in _tiles(picture, scale, self._wide.side):
            proposals += self._wide.marks(square, PROPOSED, corner, ratio)
        looks = (self._confirmed(picture, mark) for mark in distinct(proposals)[:MOST_PROPOSED])
        return distinct(mark for mark in looks if mark is not None)

    def _confirmed(self, picture: Image.Image, proposal: Mark) -> Mark | None:
        """The face as the short-range network sees it, or None where it sees none."""
        mark = self._seen_near(picture, proposal)
        if mark is not None and abs(mark.roll) > LEVEL:
            mark = self._seen_near(picture, mark, mark.roll)
        if mark is None:
            return None
        score = (proposal.score + 2 * mark.score) / 3
        return replace(mark, score=score) if score >= SURE else None

    def _seen_near(self, picture: Image.Image, face: Mark, roll: float = 0.0) -> Mark | None:
        """The same face, seen alone and turned upright by its roll."""
        room = max(2, round(ROOM * face.side))
        left, top = round(face.x - room / 2), round(face.y - room / 2)
        near, shape = self._near, (self._near.side, self._near.side)
        part = Image.new("RGB", (room, room), GREY)
        part.paste(picture, (-left, -top))
        part = part.resize(shape, Image.Resampling.BILINEAR, reducing_gap=2)
        if roll:
            part = part.rotate(roll, Image.Resampling.BILINEAR, fillcolor=GREY)
        marks = near.marks(np.asarray(part), SEEN, (left, top), room / near.side)
        seen = (mark.turned(roll, left + room / 2, top + room / 2) for mark in marks)
        return next((mark for mark in seen if mark.overlap(face) > CLOSE), None)


def _tiles(
    picture: Image.Image, scale: float, side: int
) -> Iterator[tuple[np.ndarray, tuple[float, float], float]]:
    """Squares that cover the picture, brought to `scale` times `side` pixels on its longer side.

    Yields each one (side, side, 3), its corner in the picture, and the picture's pixels to one of
    its own. Black bars fill what is too short.
    """
    ratio = max(picture.size) / (scale * side)
    size = [max(1, round(length / ratio)) for length in picture.size]
    small = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2))
    bars = [max(0, side - length) for length in small.shape[:2]]
    small = np.pad(small, [*((bar // 2, bar - bar // 2) for bar in bars), (0, 0)])
    for top in _starts(small.shape[0], side):
        for left in _starts(small.shape[1], side):
            corner = (left - bars[1] // 2) * ratio, (top - bars[0] // 2) * ratio
            yield small[top : top + side, left : left + side], corner, ratio


def _starts(length: int, side: int) -> list[int]:
    """Where tiles start that cover a length evenly, a step apart at most."""
    steps = math.ceil((length - side) / (STEP * side))
    return np.linspace(0, length - side, steps + 1).round().astype(int).tolist()


def _sighting(mark: Mark) -> Sighting:
    """From the network's square to a box from forehead to chin."""
    roll = math.radians(mark.roll)
    x = (mark.x + mark.nose_x) / 2 + LIFT * mark.side * math.sin(roll)
    y = (mark.y + mark.nose_y) / 2 - LIFT * mark.side * math.cos(roll)
    height = HEIGHT * mark.side
    width = height / SLIMNESS
    box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return Sighting(box, mark.roll, mark.score)


def _area(sighting: Sighting) -> float:
    return sighting.box.width * sighting.box.height
