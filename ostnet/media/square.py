"""Square crops of pictures, and of clips whose crop moves."""

import bisect
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ostnet.media.faces import Box

FRAMING = 1.85
"""Side of the crop in face sides, as in VoxCeleb."""

ROOMY = 2.0
"""Side of a portrait's crop in face sides; with `LIFT` it has room for hair and hats.

Of 125 people whose pictures go on above the head, `FRAMING` around the face touches the hair of
about 28, this that of about 6 (by eye).
"""

LIFT = 0.1
"""Distance of a portrait's crop above the middle of its face, in face sides."""

TIGHTEST = 1.25
"""Least side of the crop in face sides, where the picture is too small for `FRAMING`."""

LARGEST_SHIFT = 0.15
"""Largest share of its side by which a crop moves to stay inside the picture."""

Edges = tuple[float, float, float, float]
"""Left, top, right, bottom in coordinates of a square whose edges are at -1 and 1."""


@dataclass(frozen=True)
class Crop:
    """A square in pixels of a picture; it may extend beyond the picture's edges."""

    left: int
    """Left edge before the square is turned."""
    top: int
    size: int
    roll: float = 0.0
    """Clockwise turn of the square about its centre, in degrees; it levels a head of that roll."""

    def at(self, index: int) -> "Crop":
        """Return the square of a clip's frame."""
        return self

    def apply(self, image: np.ndarray, output: int = 256) -> np.ndarray:
        """Cut the square out of a uint8 picture (H, W, 3), turned upright: (output, output, 3).

        Edge pixels are repeated outside the picture. Shrinking is anti-aliased. Raises ValueError
        where the square is outside the picture.
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
        """The smallest upright square around the turned one, with the same centre."""
        if self.roll % 90 == 0:
            return Crop(self.left, self.top, self.size)
        angle = math.radians(self.roll)
        size = math.ceil(self.size * (abs(math.cos(angle)) + abs(math.sin(angle))))
        size += (size - self.size) % 2
        beyond = (size - self.size) // 2
        return Crop(self.left - beyond, self.top - beyond, size)

    def larger(self, margin: int) -> "Crop":
        """Return the square with that many more pixels beyond each edge."""
        return Crop(self.left - margin, self.top - margin, self.size + 2 * margin, self.roll)

    def edges(self, height: int, width: int, margin: int) -> Edges:
        """Return how far a picture (height, width) extends beyond the square, up to ``margin``.

        At least the square itself. Where its turn is no multiple of 90 degrees, the result is the
        whole margin or none.
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

    def shown(self, height: int, width: int, output: int) -> Box:
        """Return the part of a picture in the square, in pixels of the square once cut out.

        Of a square whose turn is no multiple of 90 degrees, it is the whole square.
        """
        if self.roll % 90:
            return Box(0, 0, output, output)
        left, top = max(0, -self.left), max(0, -self.top)
        right, bottom = min(self.size, width - self.left), min(self.size, height - self.top)
        for _ in range(round(self.roll / 90) % 4):  # as np.rot90, counter-clockwise
            left, top, right, bottom = top, self.size - right, bottom, self.size - left
        return Box(*(output / self.size * edge for edge in (left, top, right, bottom)))

    def turned_back(self, turns: int, height: int, width: int) -> "Crop":
        """Return the same square in the picture (height, width) before `np.rot90` turned it."""
        left, top = self.left, self.top
        if turns % 4 == 1:
            left, top = width - (self.top + self.size), self.left
        elif turns % 4 == 2:
            left, top = width - (self.left + self.size), height - (self.top + self.size)
        elif turns % 4 == 3:
            left, top = self.top, height - (self.left + self.size)
        return replace(self, left=left, top=top, roll=180 - (180 - self.roll - 90 * turns) % 360)


@dataclass(frozen=True)
class Framed:
    """A square of a picture, and the picture with its surroundings."""

    picture: np.ndarray
    """The whole picture, uint8 (H, W, 3)."""
    crop: Crop
    side: int
    """Side of the square once it is cut out, in pixels."""
    opacity: np.ndarray | None = None
    """Alpha channel of the picture, uint8 (H, W); None: it is opaque."""

    @property
    def opacity_framed(self) -> "Framed | None":
        """The same square of the alpha channel as grey; None where the picture is opaque."""
        if self.opacity is None:
            return None
        return Framed(np.dstack([self.opacity] * 3), self.crop, self.side)

    @property
    def square(self) -> np.ndarray:
        """The square, uint8 (side, side, 3)."""
        return self.crop.apply(self.picture, self.side)

    def around(self, beyond: float) -> tuple[np.ndarray, Edges] | None:
        """Cut out the square with its surroundings.

        Args:
            beyond: margin beyond each edge, as a share of the square's side.

        Returns:
            The larger square, uint8, with repeated edge pixels outside the picture; and the edges
            of the part inside the picture. None where the picture ends with the square.
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
    """A square that moves within a clip; its own values are those of the first frame."""

    starts: tuple[int, ...] = ()
    """First frame of each of the squares, in order."""
    squares: tuple[Crop, ...] = ()

    def at(self, index: int) -> Crop:
        """Return the square of a clip's frame."""
        return self.squares[max(0, bisect.bisect_right(self.starts, index) - 1)]

    def turned_back(self, turns: int, height: int, width: int) -> "Crop":
        """Return the same squares in the picture (height, width) before it was turned."""
        return moving(
            (start, square.turned_back(turns, height, width))
            for start, square in zip(self.starts, self.squares, strict=True)
        )


def moving(path: Iterable[tuple[int, Crop]]) -> MovingCrop:
    """Return the moving crop of a path: pairs of a first frame and a crop."""
    starts, squares = zip(*path, strict=True)
    first = squares[0]
    return MovingCrop(first.left, first.top, first.size, first.roll, starts, squares)


def centre_square(height: int, width: int) -> Crop:
    """Return the largest square in the centre of a picture."""
    size = min(height, width)
    return Crop((width - size) // 2, (height - size) // 2, size)


def face_square(
    around: Box, side: float, height: int, width: int, share: float = FRAMING, lift: float = 0.0
) -> Crop:
    """Return a square around a face, framed as in VoxCeleb.

    Its side is 1.85 face sides plus the movement; in a smaller picture it shrinks down to 1.25. It
    moves a little to stay inside the picture, and extends beyond it where that is not enough.

    Args:
        around: box of all positions of the face.
        side: usual side of the face, in pixels.
        height: of the picture.
        width: of the picture.
        share: side of the square in face sides.
        lift: distance of its centre above the face's, in face sides.
    """
    loose, tight = (around.side + (least - 1) * side for least in (share, TIGHTEST))
    size = round(min(loose, max(tight, min(height, width))))
    left, top = (round(middle - size / 2) for middle in around.centre)
    top -= round(lift * side)
    return Crop(_inwards(left, size, width), _inwards(top, size, height), size)


def portrait_square(face: Box, height: int, width: int, roll: float = 0.0) -> Crop:
    """Return a square around a portrait's face, with room for the hair.

    It turns with the face by ``roll`` degrees, and is then not moved to stay inside the picture.
    """
    square = face_square(face, face.side, height, width, ROOMY, LIFT)
    if not roll:
        return square
    angle, up, (x, y) = math.radians(roll), LIFT * face.side, face.centre
    left, top = x + up * math.sin(angle), y - up * math.cos(angle)
    half = square.size / 2
    return Crop(round(left - half), round(top - half), square.size, roll)


def _inwards(start: int, size: int, limit: int) -> int:
    """Move the interval [start, start + size) towards [0, limit), by a limited distance."""
    nearest = min(max(start, min(0, limit - size)), max(0, limit - size))
    most = round(LARGEST_SHIFT * size)
    return start + min(max(nearest - start, -most), most)
