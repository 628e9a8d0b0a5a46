"""Upright orientation of pictures and clips, from the faces in them."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ostnet.media.detector_blazeface import BlazeFaceDetector, Face
from ostnet.media.faces import Box, Detector

UPRIGHT = 45
"""Roll in degrees beyond which another quarter turn brings a face nearer to upright."""

CERTAIN = 0.84
"""Score of an upright face at which no other turn is tried.

An upside-down face, taken for an upright one, scores 0.82 at most in 544 pictures.
"""

VOTES = 3
"""Number of frames with a face that decide the orientation of a clip."""

TRIES = 6
"""Largest number of frames that are examined in all orientations."""


@dataclass(frozen=True)
class Upright:
    """The faces of a picture that is turned so that they are upright."""

    turns: int = 0
    """Counter-clockwise quarter turns, 0 to 3, as in `np.rot90`."""
    faces: list[Face] = field(default_factory=list)
    """Faces in the turned picture, largest first."""
    as_is: list[Face] = field(default_factory=list)
    """Faces in the unturned picture, largest first."""


def upright_faces(image: np.ndarray, detector: Detector) -> Upright:
    """Find faces in a picture as it is and, unless one is certainly upright, in the turned picture.

    Args:
        image: uint8 RGB (H, W, 3).
        detector: only BlazeFace finds how faces are turned; any other gives no turns.

    Returns:
        The turn with the highest score of an upright face; no turn where none has one.
    """
    if not isinstance(detector, BlazeFaceDetector):
        faces = [Face(box, 0.0, 1.0) for box in detector.detect(image)]
        return Upright(0, faces, faces)
    best, highest, found = 0, 0.0, []
    for turns in range(4):
        found.append(detector.faces(np.ascontiguousarray(np.rot90(image, turns))))
        for face in found[turns]:
            if abs(face.roll) <= UPRIGHT and face.score > highest:
                best, highest = turns, face.score
        if highest >= CERTAIN:
            break
    return Upright(best, found[best], found[0])


class Orientation:
    """Finds faces in the frames of a clip, all turned by the same number of quarter turns."""

    def __init__(self, detector: Detector):
        self._detector = detector
        self._first: list[Upright] = []
        self._later: list[list[Box]] = []

    @property
    def turns(self) -> int:
        """Counter-clockwise quarter turns, by the majority of the votes so far."""
        votes = Counter(look.turns for look in self._first if look.faces)
        return max(votes, key=lambda turns: (votes[turns], -turns), default=0)

    def look(self, frame: np.ndarray) -> None:
        """Find faces in the next frame, uint8 RGB (H, W, 3)."""
        voted = sum(bool(look.faces) for look in self._first)
        if voted < VOTES and len(self._first) < TRIES:
            self._first.append(upright_faces(frame, self._detector))
        else:
            turned = np.ascontiguousarray(np.rot90(frame, self.turns))
            self._later.append(self._detector.detect(turned))

    def result(self) -> tuple[int, list[list[Box]]]:
        """Return the turns, and the faces of every frame in the turned picture, largest first."""
        turns = self.turns
        early = [
            look.as_is if turns == 0 else look.faces if look.turns == turns else []
            for look in self._first
        ]
        return turns, [[face.box for face in faces] for faces in early] + self._later
