"""Training pairs, and how they are drawn: an identity, one of its clips, two of its frames."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ostnet import landmarks


@dataclass
class Batch:
    """B training pairs: images (B, 3, R, R) float32 in [0, 1], landmarks (B, P, 2) or NaN."""

    source: Tensor
    driving: Tensor
    source_landmarks: Tensor
    driving_landmarks: Tensor
    is_still: Tensor  # (B,) bool: source and driving are the same picture


@dataclass(frozen=True)
class ClipFrames:
    """The place of one clip's or still's frames in a frame store."""

    file: str
    identity: str
    is_still: bool
    start: int
    length: int
    weight: float = 1.0  # how often its identity is drawn, relative to others


class ClipTable:
    """Draws frames of clips: first an identity by its weight, then one of its clips."""

    def __init__(self, clips: list[ClipFrames]):
        identities = sorted({clip.identity for clip in clips})
        number = {identity: index for index, identity in enumerate(identities)}
        clips = sorted(clips, key=lambda clip: (number[clip.identity], clip.start))
        self.start = np.array([clip.start for clip in clips], dtype=np.int64)
        self.length = np.array([clip.length for clip in clips], dtype=np.int64)
        self.count = np.bincount([number[clip.identity] for clip in clips])
        self.first = np.cumsum(self.count) - self.count
        weights = np.array([clips[row].weight for row in self.first])
        self.edges = np.cumsum(weights) / weights.sum()

    def pairs(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map uniform numbers (4, B) to frame indices (B,), (B,): distinct frames of one clip."""
        identity = np.searchsorted(self.edges[:-1], u[0], side="right")
        row = self.first[identity] + np.int64(u[1] * self.count[identity])
        one, other = two_frames(u[2], u[3], self.length[row])
        return self.start[row] + one, self.start[row] + other


def two_frames(u: np.ndarray, v: np.ndarray, length) -> tuple[np.ndarray, np.ndarray]:
    """Map uniform numbers u, v to two distinct frames of ``length`` (equal where it is 1)."""
    one = np.int64(u * length)
    step = 1 + np.int64(v * (length - 1))  # 1 to length - 1
    return one, (one + step) % length  # pyright: ignore[reportReturnType]


def evenly_spaced(frames: int, limit: int | None) -> np.ndarray:
    """Return indices of at most ``limit`` of ``frames`` frames, evenly spaced, ends included."""
    if limit is None or frames <= limit:
        return np.arange(frames)
    return np.round(np.linspace(0, frames - 1, limit)).astype(np.int64)


def liveliest(points: np.ndarray, limit: int | None) -> np.ndarray:
    """Return rising indices of at most ``limit`` frames of landmarks (frames, 70, 2).

    Half of them are evenly spaced; a quarter each are the other frames with the eyes most closed
    and the mouth most open, rare moments that even spacing misses. Without known landmarks all are
    evenly spaced.
    """
    frames = len(points)
    mouth, eyes = landmarks.openings(points).T
    known = np.flatnonzero(np.isfinite(mouth) & np.isfinite(eyes))
    if limit is None or frames <= limit or not len(known):
        return evenly_spaced(frames, limit)
    chosen = set(evenly_spaced(frames, max(1, limit // 2)).tolist())
    by_eyes, by_mouth = known[eyes[known].argsort()], known[mouth[known].argsort()[::-1]]
    for order, upto in ((by_eyes, 3 * limit // 4), (by_mouth, limit)):
        for index in order:
            if len(chosen) >= upto:
                break
            chosen.add(int(index))
    return np.array(sorted(chosen))
