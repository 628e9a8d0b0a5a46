"""BlazeFace as a detector of faces of any size, upright or tilted.

The full-range network proposes faces: in the whole picture and, as long as it finds none, in
smaller and smaller overlapping tiles. The short-range network then confirms and locates each.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from ostnet.media.blazeface_networks import FULL_RANGE, SHORT_RANGE, BlazeNet, Detection, merged
from ostnet.media.faces import Box

SCALES = (1, 0.5, 2, 4, 8)
"""Longer side of the scaled picture in sides of the network's input, in the order of the passes.

0.5 is for a face that fills the picture. Pictures are never enlarged to make tiles of them.
"""

STEP = 2 / 3
"""Largest distance of tiles, in sides: a larger face has been found at the scale before."""

PROPOSED = 0.3
"""Score from which the full-range network proposes a face."""

MOST_PROPOSED = 12
"""Number of proposals of a pass that are examined."""

ROOM = 2.0
"""Side of the square in which a proposal is examined, in sides of the proposal."""

GREY = (128, 128, 128)
"""Colour beyond the picture's edges in that square; on black, partial faces are missed."""

LEVEL = 15
"""Roll in degrees beyond which the face is turned upright and examined once more."""

CONFIRMED = 0.5
"""Least score of the short-range network."""

SURE = 0.68
"""Least mean of both scores, the second counting twice: above all of 745 false proposals in 72
pictures without faces, below all faces in 544 pictures with them."""

CLOSE = 0.2
"""Intersection over union above which a confirmed face is the proposed one."""

LIFT = 0.08
"""Distance of the face's centre from the middle of nose and square, upwards, in sides."""

HEIGHT = 1.06
"""Height of a face from forehead to chin, in sides of the network's square."""

SLIMNESS = 1.08
"""Height of a face's box in its widths."""


@dataclass(frozen=True)
class Face:
    """A detected face."""

    box: Box
    roll: float
    """Clockwise roll of the head in degrees, -180 to 180."""
    score: float
    """0 to 1."""
    turn: float = 0.0
    """How far the head is turned aside, see `Detection.turn`."""


class BlazeFaceDetector:
    """MediaPipe's BlazeFace networks on one CPU thread.

    Finds faces from 22 pixels in photos of up to 12 megapixels, and heads tilted by up to 70
    degrees. Takes 5 ms where the whole picture shows a face, 0.1 to 0.4 s where all tiles of such a
    photo are examined.
    """

    name = "blazeface"
    most_samples = 60

    def __init__(self):
        self._wide, self._near = BlazeNet(FULL_RANGE), BlazeNet(SHORT_RANGE)

    def detect(self, image: np.ndarray) -> list[Box]:
        """Find faces in a uint8 RGB picture (H, W, 3), largest first."""
        return [face.box for face in self.faces(image)]

    def faces(self, image: np.ndarray) -> list[Face]:
        """Find faces with their roll and score."""
        picture = Image.fromarray(image)
        for scale in SCALES:
            if scale > 1 and scale * self._wide.side > max(picture.size):
                break
            found = self._pass(picture, scale)
            if found:
                return sorted(map(_face, found), key=_area, reverse=True)
        return []

    def _pass(self, picture: Image.Image, scale: float) -> list[Detection]:
        """Propose and confirm faces at one scale."""
        proposals: list[Detection] = []
        for square, corner, ratio in _tiles(picture, scale, self._wide.side):
            proposals += self._wide.detect(square, PROPOSED, corner, ratio)
        found = (self._confirm(picture, each) for each in merged(proposals)[:MOST_PROPOSED])
        return merged(face for face in found if face is not None)

    def _confirm(self, picture: Image.Image, proposal: Detection) -> Detection | None:
        """Return the face as the short-range network locates it, None where it finds none."""
        face = self._examine(picture, proposal)
        if face is not None and abs(face.roll) > LEVEL:
            face = self._examine(picture, face, face.roll)
        if face is None:
            return None
        score = (proposal.score + 2 * face.score) / 3
        return replace(face, score=score) if score >= SURE else None

    def _examine(
        self, picture: Image.Image, face: Detection, roll: float = 0.0
    ) -> Detection | None:
        """Detect the face alone in a square, turned upright by its roll."""
        room = max(2, round(ROOM * face.side))
        left, top = round(face.x - room / 2), round(face.y - room / 2)
        near, shape = self._near, (self._near.side, self._near.side)
        part = Image.new("RGB", (room, room), GREY)
        part.paste(picture, (-left, -top))
        part = part.resize(shape, Image.Resampling.BILINEAR, reducing_gap=2)
        if roll:
            part = part.rotate(roll, Image.Resampling.BILINEAR, fillcolor=GREY)
        found = near.detect(np.asarray(part), CONFIRMED, (left, top), room / near.side)
        turned = (each.turned(roll, left + room / 2, top + room / 2) for each in found)
        return next((each for each in turned if each.overlap(face) > CLOSE), None)


def _tiles(
    picture: Image.Image, scale: float, side: int
) -> Iterator[tuple[np.ndarray, tuple[float, float], float]]:
    """Scale the picture to a longer side of `scale` times `side` pixels and cut it into tiles.

    Yields each tile (side, side, 3), its corner in the picture, and the picture's pixels per pixel
    of the tile. Black bars fill what is too short.
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
    """Return the starts of tiles that cover a length evenly."""
    steps = math.ceil((length - side) / (STEP * side))
    return np.linspace(0, length - side, steps + 1).round().astype(int).tolist()


def _face(found: Detection) -> Face:
    """Turn the network's square into a box from forehead to chin."""
    roll = math.radians(found.roll)
    x = (found.x + found.nose_x) / 2 + LIFT * found.side * math.sin(roll)
    y = (found.y + found.nose_y) / 2 - LIFT * found.side * math.cos(roll)
    height = HEIGHT * found.side
    width = height / SLIMNESS
    box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return Face(box, found.roll, found.score, found.turn)


def _area(face: Face) -> float:
    return face.box.width * face.box.height
