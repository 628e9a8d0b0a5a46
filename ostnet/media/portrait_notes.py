"""Warnings about the face in a portrait, given before it is animated."""

from ostnet.media.detector_blazeface import Face
from ostnet.media.faces import Box

SMALL_FACE = 64
"""Face height of a portrait in pixels below which the result is not sharp."""

PROFILE = 0.75
"""Turn of a head (see `Detection.turn`) above which a portrait is seen from the side.

Of 1,991 portraits, 30 are above, of which 7 show both eyes well; 6 that hide an eye are below.
"""

TURNED = {90: "lies on its side", 180: "stands on its head", -90: "lies on its side"}
"""Counter-clockwise degrees that turn a face upright -> words for the warning."""

CLOSE = 0.6
"""Height of the picture above the middle of a face, in face sides, below which it cuts the hair.

Hair ends 0.65 to 1 sides above; 48 of 1,991 portraits are cut by this much.
"""


def is_profile(face: Face) -> bool:
    """Return whether a face is seen from the side."""
    return face.turn > PROFILE


def portrait_notes(face: Face, roll: float, picture: Box) -> list[str]:
    """Return what makes a result worse, and how the portrait is turned.

    Args:
        face: in the picture.
        roll: clockwise turn of the square, in degrees.
        picture: its edges.
    """
    notes, box = [], face.box
    if roll in TURNED:
        notes.append(f"the face {TURNED[round(roll)]}; "
                     f"turned upright by {abs(roll):.0f} degrees")  # fmt: skip
    elif roll:
        notes.append(f"the head is tilted by {abs(roll):.0f} degrees; levelled")
    if is_profile(face):
        notes.append("the face is seen from the side, which distorts the result; "
                     "a picture from the front works better")  # fmt: skip
    if box.is_half(picture):
        notes.append("much of the face is outside the picture, which distorts the result; "
                     "a whole face works better")  # fmt: skip
    elif box.centre[1] - picture.top < CLOSE * box.side:
        notes.append("the picture ends just above the face; beyond it, its edge is repeated")
    if box.height < SMALL_FACE:
        notes.append(f"the face is only {box.height:.0f} pixels high; "
                     "a larger picture gives a sharper result")  # fmt: skip
    return notes
