"""Squares of pictures: one, or one for each frame of a clip."""

import bisect
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ostnet.media.box import Box

FRAMING = 1.85
"""Side of the crop in face sides: VoxCeleb shows a face this loosely."""

TIGHTEST = 1.25
"""The same where the picture ends sooner; a crop reaches over all its edges only beyond that."""

LARGEST_SHIFT = 0.15
"""Share of its side by which a crop moves to stay inside the picture; beyond, it reaches over."""


Edges = tuple[float, float, float, float]
"""Left, top, right and bottom, in the coordinates of a square whose own edges are at -1 and 1."""


@dataclass(frozen=True)
class Crop:
    """A square in pixels of a picture; it may reach over the picture's edges."""

    left: int
    """Of the square before it is turned."""
    top: int
    size: int
    roll: float = 0.0
    """By how much the square is turned clockwise about its middle, in degrees: upright in it is
    what is tilted by as much in the picture."""

    def at(self, index: int) -> "Crop":
        """The square of a clip's frame: the same for all."""
        return self

    def apply(self, image: np.ndarray, output: int = 256) -> np.ndarray:
        """The square of a uint8 picture (H, W, 3), upright, scaled to (output, output, 3).

        Outside the picture its edge pixels are repeated; shrinking is anti-aliased.
        """
        from PIL import Image

        if self.roll % 90:
            around = self.bounds
            beyond = round(output * (around.size - self.size) / (2 * self.size))
            larger = Image.fromarray(around.apply(image, output + 2 * beyond))
            level = np.array(larger.rotate(self.roll, Image.Resampling.BICUBIC))
            return level[beyond : beyond + output, beyond : beyond + output].copy()
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
        square = np.rot90(square, round(self.roll / 90))
        if self.size == output:
            return square.copy()
        picture = Image.fromarray(np.ascontiguousarray(square))
        return np.array(
            picture.resize((output, output), Image.Resampling.BICUBIC, reducing_gap=1.1)
        )

    @property
    def bounds(self) -> "Crop":
        """The smallest upright square that holds the turned one; their middles are the same."""
        if self.roll % 90 == 0:
            return Crop(self.left, self.top, self.size)
        angle = math.radians(self.roll)
        size = math.ceil(self.size * (abs(math.cos(angle)) + abs(math.sin(angle))))
        size += (size - self.size) % 2
        beyond = (size - self.size) // 2
        return Crop(self.left - beyond, self.top - beyond, size)

    def larger(self, margin: int) -> "Crop":
        """The square with so many more pixels beyond each edge."""
        return Crop(self.left - margin, self.top - margin, self.size + 2 * margin, self.roll)

    def edges(self, height: int, width: int, margin: int) -> Edges:
        """How far a picture (height, width) goes beyond the square's edges, ``margin`` at most.

        Never less than the square itself, even where that reaches over the picture's edges. Where
        the square is turned by other than quarters, all of the margin counts or nothing of it.
        """
        whole = self.larger(margin)
        if self.roll % 90:
            around = whole.bounds
            inside = min(around.left, around.top) >= 0
            inside &= around.left + around.size <= width and around.top + around.size <= height
            far = whole.size / self.size if inside else 1.0
            return -far, -far, far, far
        spans = ((whole.left, self.left, width), (whole.top, self.top, height))
        low = [min(2 * (max(start, 0) - own) / self.size - 1, -1) for start, own, _ in spans]
        high = [
            max(2 * (min(start + whole.size, limit) - own) / self.size - 1, 1)
            for start, own, limit in spans
        ]
        left, top, right, bottom = *low, *high
        for _ in range(round(self.roll / 90) % 4):  # as np.rot90, counter-clockwise
            left, top, right, bottom = top, -right, bottom, -left
        return left, top, right, bottom

    def turned_back(self, turns: int, height: int, width: int) -> "Crop":
        """The same in the picture (height, width) that `np.rot90` turned by as many quarters."""
        left, top = self.left, self.top
        if turns % 4 == 1:
            left, top = width - (self.top + self.size), self.left
        elif turns % 4 == 2:
            left, top = width - (self.left + self.size), height - (self.top + self.size)
        elif turns % 4 == 3:
            left, top = self.top, height - (self.left + self.size)
        return replace(self, left=left, top=top, roll=_in_half_turns(self.roll + 90 * turns))


@dataclass(frozen=True)
class Framed:
    """A square of a picture, and the picture, which may show what lies around the square."""

    picture: np.ndarray
    """The whole picture, uint8 (H, W, 3)."""
    crop: Crop
    """The square."""
    side: int
    """Its side where it is cut out, in pixels."""

    @property
    def square(self) -> np.ndarray:
        """The square, uint8 (side, side, 3)."""
        return self.crop.apply(self.picture, self.side)

    def around(self, beyond: float) -> tuple[np.ndarray, Edges] | None:
        """Cut out the square with its surroundings.

        Args:
            beyond: how far to go beyond each edge, as a share of the square's side.

        Returns:
            The larger square, uint8, with repeated edge pixels outside the picture; and left, top,
            right and bottom of what the picture shows of it, in the square's coordinates, -1 to 1.
            None where the picture ends with the square.
        """
        margin = int(beyond * self.crop.size + 0.5)
        height, width = self.picture.shape[:2]
        edges = self.crop.edges(height, width, margin)
        if edges == (-1, -1, 1, 1):
            return None
        larger = self.crop.larger(margin)
        return larger.apply(self.picture, self.side + 2 * round(beyond * self.side)), edges


@dataclass(frozen=True)
class MovingCrop(Crop):
    """A square that jumps or moves from frame to frame of a clip; by itself, that of the first."""

    starts: tuple[int, ...] = ()
    """Frames from which on each of the squares is taken, in order."""

    squares: tuple[Crop, ...] = ()

    def at(self, index: int) -> Crop:
        """The square of a clip's frame."""
        return self.squares[max(0, bisect.bisect_right(self.starts, index) - 1)]

    def turned_back(self, turns: int, height: int, width: int) -> "Crop":
        """Every square in the picture (height, width) before it was turned."""
        return moving(
            (start, square.turned_back(turns, height, width))
            for start, square in zip(self.starts, self.squares, strict=True)
        )


def moving(path: Iterable[tuple[int, Crop]]) -> MovingCrop:
    """The square that follows a path: pairs of a frame and the crop from there on."""
    starts, squares = zip(*path, strict=True)
    first = squares[0]
    return MovingCrop(first.left, first.top, first.size, first.roll, starts, squares)


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


def level_square(face: Box, roll: float, height: int, width: int) -> Crop:
    """The same around a tilted face, turned with it."""
    square = face_square(face, face.side, height, width)
    left, top = (round(middle - square.size / 2) for middle in face.centre)
    return Crop(left, top, square.size, roll)


def _inwards(start: int, size: int, limit: int) -> int:
    """Move the interval [start, start + size) to lie in [0, limit), or around it, by a little."""
    nearest = min(max(start, min(0, limit - size)), max(0, limit - size))
    most = round(LARGEST_SHIFT * size)
    return start + min(max(nearest - start, -most), most)


def _in_half_turns(roll: float) -> float:
    """The same angle in (-180, 180]."""
    return 180 - (180 - roll) % 360
