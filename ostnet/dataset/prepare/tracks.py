"""From faces in single frames to one face over a stretch of a shot.

The rule is that of first-order-model's preprocessing: a track ends where the face has left the
place of its *first* box, so that one square can hold all of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from ostnet.dataset.prepare.scan import Face, Shot
from ostnet.media.faces import Box


@dataclass
class Track:
    """One face over the frames [start, end)."""

    start: int
    end: int
    seen: dict[int, Face] = field(default_factory=dict)
    """Frame -> the face there, in order."""
    missed: list[int] = field(default_factory=list)
    """Frames in which it was looked for in vain."""

    @property
    def frames(self) -> int:
        """Its length."""
        return self.end - self.start

    @property
    def boxes(self) -> list[Box]:
        """The face's box at each look that found it."""
        return [face.box for face in self.seen.values()]

    @property
    def lost(self) -> float:
        """Share of looks without the face, 0 to 1."""
        if not self.seen:
            return 1.0
        return len(self.missed) / (len(self.missed) + len(self.seen))

    @property
    def sharpness(self) -> float:
        """Median over the looks."""
        return median(face.sharpness for face in self.seen.values())


def follow(shot: Shot, iou: float, max_gap: int) -> list[Track]:
    """The tracks of all faces of a shot, ordered by start.

    A face belongs to the open track whose last box it overlaps most. Where it overlaps the
    track's first box less than ``iou`` the track ends, and a new one begins with it. A track also
    ends where its face was last seen before more than ``max_gap`` frames without it.
    """
    done: list[Track] = []
    running: list[Track] = []
    for look in shot.looks:
        matched = dict(_matches(running, look.faces, iou))
        still = []
        for number, track in enumerate(running):
            face = matched.get(number)
            if face is None:
                track.missed.append(look.frame)
                lost = look.frame - max(track.seen) > max_gap
                (done if lost else still).append(track)
            elif overlap(next(iter(track.seen.values())).box, face.box) < iou:
                track.end = look.frame
                done.append(track)
                still.append(Track(look.frame, shot.end, {look.frame: face}))
            else:
                track.seen[look.frame] = face
                still.append(track)
        known = list(matched.values())
        still += [
            Track(look.frame, shot.end, {look.frame: face})
            for face in look.faces
            if not any(face is other for other in known)
        ]
        running = still
    tracks = [_until_last_seen(track) for track in [*done, *running]]
    return sorted(tracks, key=lambda track: (track.start, -track.boxes[0].side))


def whole(shot: Shot) -> Track:
    """All of a shot as one track of the largest face; its ``seen`` may be empty."""
    track = Track(shot.start, shot.end)
    for look in shot.looks:
        if look.faces:
            track.seen[look.frame] = look.faces[0]
        else:
            track.missed.append(look.frame)
    return track


def divide(track: Track, most: int) -> Iterator[Track]:
    """Even pieces of at most ``most`` frames; each knows the look before and after it as well."""
    pieces = -(-track.frames // most)
    bounds = np.linspace(track.start, track.end, pieces + 1).round().astype(int).tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        before = max((frame for frame in track.seen if frame <= start), default=start)
        after = min((frame for frame in track.seen if frame >= end - 1), default=end)
        seen = {frame: face for frame, face in track.seen.items() if before <= frame <= after}
        missed = [frame for frame in track.missed if start <= frame < end]
        yield Track(start, end, seen, missed)


def overlap(box: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (box.width * box.height + other.width * other.height - shared)


def _matches(tracks: list[Track], faces: list[Face], iou: float) -> Iterator[tuple[int, Face]]:
    """(number of a track, its face), best overlap with the last box first, each used once."""
    pairs = [
        (overlap(track.seen[max(track.seen)].box, face.box), number, which)
        for number, track in enumerate(tracks)
        for which, face in enumerate(faces)
    ]
    tracks_left, faces_left = set(range(len(tracks))), set(range(len(faces)))
    for share, number, which in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:])):
        if share >= max(iou, 1e-6) and number in tracks_left and which in faces_left:
            tracks_left.remove(number)
            faces_left.remove(which)
            yield number, faces[which]


def _until_last_seen(track: Track) -> Track:
    """Without the looks in vain at its end, and the frames from there on."""
    last = max(track.seen)
    if track.missed and track.missed[-1] > last:
        track.end = last + 1
        track.missed = [frame for frame in track.missed if frame < last]
    return track
