"""The clips of a stream that are in memory, drawn evenly over their people."""

from dataclasses import dataclass

import numpy as np


@dataclass
class BufferedClip:
    """Some decoded frames of one clip, or one still."""

    identity: str
    is_still: bool
    frames: np.ndarray
    """(n, 3, R, R) uint8."""
    points: np.ndarray
    """(n, P, 2), NaN where unknown."""
    uses: int = 0
    """Pairs drawn from it so far."""


class ShuffleBuffer:
    """Clips and stills by person; each leaves after ``uses`` draws, the last clip excepted."""

    def __init__(self, uses: int):
        self.uses = uses
        self.clips = 0
        """How many clips, stills apart."""
        self._people: dict[bool, list[list[BufferedClip]]] = {False: [], True: []}
        self._place: dict[tuple[bool, str], int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, clip: BufferedClip) -> None:
        """Put a clip or still in."""
        people, key = self._people[clip.is_still], (clip.is_still, clip.identity)
        if key not in self._place:
            self._place[key] = len(people)
            people.append([])
        people[self._place[key]].append(clip)
        self._count += 1
        self.clips += not clip.is_still

    def draw(self, u: float, v: float, still: bool, keep: bool) -> BufferedClip:
        """A clip of a person from two uniform numbers; a still where asked for and there is one.

        ``keep``: the draw does not count as a use.
        """
        people = self._people[still] or self._people[False]
        person = people[int(u * len(people))]
        clip = person[int(v * len(person))]
        if not keep:
            clip.uses += 1
            if clip.uses >= self.uses and (clip.is_still or self.clips > 1):
                self._remove(clip, person)
        return clip

    def _remove(self, clip: BufferedClip, person: list[BufferedClip]) -> None:
        person[:] = [other for other in person if other is not clip]
        self._count -= 1
        self.clips -= not clip.is_still
        if not person:
            people = self._people[clip.is_still]
            place = self._place.pop((clip.is_still, clip.identity))
            last = people.pop()
            if place < len(people):
                people[place] = last
                self._place[last[0].is_still, last[0].identity] = place
