"""Which way up a clip is, told by the faces in its first frames."""

from collections import Counter

import numpy as np

from ostnet.media.box import Box
from ostnet.media.faces import Detector
from ostnet.media.upright import Upright, upright_faces

VOTES = 3
"""Frames with a face that decide."""

TRIES = 6
"""Frames that are looked at all ways at most."""


class Orientation:
    """Finds the faces in the frames of one clip, turned by one number of quarter turns."""

    def __init__(self, detector: Detector):
        self._detector = detector
        self._first: list[Upright] = []
        self._later: list[list[Box]] = []

    @property
    def turns(self) -> int:
        """Counter-clockwise quarter turns, by most of the votes so far."""
        votes = Counter(look.turns for look in self._first if look.faces)
        return max(votes, key=lambda turns: (votes[turns], -turns), default=0)

    def look(self, frame: np.ndarray) -> None:
        """Look for faces in the next frame, uint8 RGB (H, W, 3)."""
        voted = sum(bool(look.faces) for look in self._first)
        if voted < VOTES and len(self._first) < TRIES:
            self._first.append(upright_faces(frame, self._detector))
        else:
            turned = np.ascontiguousarray(np.rot90(frame, self.turns))
            self._later.append(self._detector.detect(turned))

    def settled(self) -> tuple[int, list[list[Box]]]:
        """The turns, and the faces of every frame in the turned picture, largest first."""
        turns = self.turns
        early = [
            look.as_is if turns == 0 else look.faces if look.turns == turns else []
            for look in self._first
        ]
        boxes = [[sighting.box for sighting in faces] for faces in early]
        return turns, boxes + self._later
