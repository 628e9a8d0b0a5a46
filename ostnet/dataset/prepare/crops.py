"""The one square that a track is cut with."""

from dataclasses import astuple, dataclass

from ostnet.media.crop import Crop
from ostnet.media.faces import Box
from ostnet.media.track import FaceTrack


@dataclass(frozen=True)
class Framing:
    """A square inside the picture, and how it had to give way to the picture's edges."""

    crop: Crop
    margin: float
    """Its side in face sides, the face's movement left out; less than wanted in a small picture."""
    shift: float
    """Share of its side by which it moved."""


def frame_face(faces: FaceTrack, margin: float) -> Framing:
    """The square around the union of a face's boxes that gives a face at rest ``margin`` sides.

    It never reaches over the picture's edges: there it shrinks and moves.
    """
    union, side = faces.union, faces.side
    wanted = union.side + (margin - 1) * side
    crop, shift = _inside(union, wanted, faces.height, faces.width)
    return Framing(crop, (crop.size - union.side) / side + 1, shift)


def square_of(region: Box, height: int, width: int) -> Crop:
    """The square around a region given in picture heights, moved into the picture.

    The region's longer side is kept, so that nothing is stretched.
    """
    pixels = Box(*(height * edge for edge in astuple(region)))
    return _inside(pixels, pixels.side, height, width)[0]


def _inside(around: Box, side: float, height: int, width: int) -> tuple[Crop, float]:
    """A square of about that side around a box, inside the picture, and its shift over its side."""
    size = min(round(side), height, width)
    wanted = [round(middle - size / 2) for middle in around.centre]
    left, top = (
        min(max(start, 0), limit - size)
        for start, limit in zip(wanted, (width, height), strict=True)
    )
    shift = max(abs(left - wanted[0]), abs(top - wanted[1])) / size
    return Crop(left, top, size), shift
