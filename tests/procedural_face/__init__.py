"""A small renderer of talking heads whose scale, pose and landmarks are known exactly.

    image, landmarks = render(FaceParams(yaw=0.3, mouth_open=0.5, scale=(0.7, 0.7)), size=256)

`params` says what to draw, `head` is the solid, `rays` find its surface, `features` paints brows,
eyes, nose and mouth onto it, `body` stands around it and `drawing` puts the picture together. The
first frame of a person takes most of a second (the head is sculpted and kept), later ones some
hundredths at 256 pixels.
"""

from .drawing import CENTRE, LANDMARKS, UNIT, render
from .params import FaceParams, Identity, random_identity, random_motion

__all__ = [
    "CENTRE", "LANDMARKS", "UNIT", "FaceParams", "Identity",
    "random_identity", "random_motion", "render",
]  # fmt: skip
