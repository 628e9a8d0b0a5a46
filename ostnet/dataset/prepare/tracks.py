"""Tracks: one face over several frames of a shot.

As in first-order-model's preprocessing, a track ends where the face has left the position of its
*first* box, so that one square can hold the whole track.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from ostnet.dataset.prepare.shots import Face, Shot
from ostnet.media.faces import Box


@dataclass
class Track:
    """One face over the frames [start, end)."""

    start: int
    end: int
    seen: dict[int, Face] = field(default_factory=dict)
    """Frame -> its face, in order."""
    missed: list[int] = field(default_factory=list)
    """Numbers of the examined frames without the face."""

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.end - self.start

    @property
    def boxes(self) -> list[Box]:
        """The boxes of the face, in order."""
        return [face.box for face in self.seen.values()]

    @property
    def lost(self) -> float:
        """Share of the examined frames without the face, 0 to 1."""
        if not self.seen:
            return 1.0
        return len(self.missed) / (len(self.missed) + len(self.seen))

    @property
    def sharpness(self) -> float:
        """Median sharpness of the face."""
        return median(face.sharpness for face in self.seen.values())


def follow(shot: Shot, iou: float, max_gap: int) -> list[Track]:
    """Return the tracks of all faces of a shot, ordered by start.

    A face belongs to the track whose last box it overlaps most. A track ends where its face
    overlaps the first box by less than ``iou``, which starts a new track, or is missing for more
    than ``max_gap`` frames.
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
            elif next(iter(track.seen.values())).box.overlap(face.box) < iou:
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
    """Return one track of the largest face for the whole shot; its ``seen`` may be empty."""
    track = Track(shot.start, shot.end)
    for look in shot.looks:
        if look.faces:
            track.seen[look.frame] = look.faces[0]
        else:
            track.missed.append(look.frame)
    return track


def divide(track: Track, most: int) -> Iterator[Track]:
    """Divide a track evenly into pieces of at most ``most`` frames, with the faces next to them."""
    pieces = -(-track.frames // most)
    bounds = np.linspace(track.start, track.end, pieces + 1).round().astype(int).tolist()
    for start, end in zip(bounds, bounds[1:], strict=False):
        before = max((frame for frame in track.seen if frame <= start), default=start)
        after = min((frame for frame in track.seen if frame >= end - 1), default=end)
        seen = {frame: face for frame, face in track.seen.items() if before <= frame <= after}
        missed = [frame for frame in track.missed if start <= frame < end]
        yield Track(start, end, seen, missed)


def _matches(tracks: list[Track], faces: list[Face], iou: float) -> Iterator[tuple[int, Face]]:
    """Yield (number of a track, its face), largest overlap with its last box first."""
    pairs = [
        (track.seen[max(track.seen)].box.overlap(face.box), number, which)
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
    """Cut the end of a track after the last frame with the face."""
    last = max(track.seen)
    if track.missed and track.missed[-1] > last:
        track.end = last + 1
        track.missed = [frame for frame in track.missed if frame < last]
    return track
