"""Squares for clips in which one fixed square would be far too large for its face."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ostnet.media.square import FRAMING, TIGHTEST, Crop, MovingCrop, face_square, moving
from ostnet.media.track import FaceTrack

WIDE = 2.0
"""Union of all places of a face, in face sides, beyond which one square is too large for it."""

JUMP = 1.0
"""Face sides between two looks that take a cut, if the picture changes abruptly between them."""

CUT = 0.05
"""Mean absolute difference of two frames, in [0, 1], that is called abrupt."""

CALM = 5
"""Looks over which a following square's path is averaged."""


def is_wide(track: FaceTrack) -> bool:
    """Whether one square around all places of the face would show it too small."""
    return len(track.frames) > 1 and track.union.side > WIDE * track.side


def following_square(track: FaceTrack) -> tuple[MovingCrop, str]:
    """One square for each shot, each of its own fixed size, and what that came to in words.

    Where the face walks across a shot, the shot's square follows it slowly.
    """
    shots = [_square_of(shot) for shot in shots_of(track)]
    path = [step for shot in shots for step in shot]
    if len(shots) > 1:
        return moving(path), f"each of its {len(shots)} shots gets a square of its own"
    return moving(path), "its square follows it slowly"


def shots_of(track: FaceTrack) -> list[FaceTrack]:
    """The track cut where the face jumps and the picture changes abruptly."""
    starts, firsts = [0], [0]  # by box, by frame
    for index in range(1, len(track.boxes)):
        before, box = track.boxes[index - 1], track.boxes[index]
        far = math.dist(before.centre, box.centre) > JUMP * max(before.side, box.side)
        changes = track.changes[track.frames[index - 1] + 1 : track.frames[index] + 1]
        if far and changes.size and changes.max() > CUT:
            starts.append(index)
            firsts.append(track.frames[index - 1] + 1 + int(changes.argmax()))
    ends, lasts = [*starts[1:], len(track.boxes)], [*firsts[1:], len(track.changes)]
    return [
        replace(track, boxes=track.boxes[a:b], frames=track.frames[a:b], first=first, last=last)
        for a, b, first, last in zip(starts, ends, firsts, lasts, strict=True)
    ]


def _square_of(shot: FaceTrack) -> Iterator[tuple[int, Crop]]:
    """Squares of one shot, each with the frame from which on it is taken."""
    if not is_wide(shot):
        yield shot.first, face_square(shot.union, shot.side, shot.height, shot.width)
        return
    centres = np.array([box.centre for box in shot.boxes])  # (looks, 2)
    padded = np.pad(centres, ((CALM // 2, CALM // 2), (0, 0)), mode="edge")
    calm = np.lib.stride_tricks.sliding_window_view(padded, CALM, axis=0).mean(axis=-1)
    beside = 2 * np.abs(centres - calm).max()
    loose, tight = (share * shot.side + beside for share in (FRAMING, TIGHTEST))
    size = round(min(loose, max(tight, min(shot.height, shot.width))))
    frames = np.arange(shot.first, shot.last)
    x, y = (np.interp(frames, shot.frames, calm[:, axis]) - size / 2 for axis in (0, 1))
    for frame, left, top in zip(frames.tolist(), x, y, strict=True):
        yield frame, Crop(round(left), round(top), size)
