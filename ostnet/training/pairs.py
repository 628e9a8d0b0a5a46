"""Training pairs, and how they are drawn: a person, one of their clips, two of its frames."""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass
class Batch:
    """B training pairs: images (B, 3, R, R) float32 in [0, 1], landmarks (B, P, 2) or NaN."""

    source: torch.Tensor
    driving: torch.Tensor
    source_landmarks: torch.Tensor
    driving_landmarks: torch.Tensor
    is_still: torch.Tensor
    """(B,) bool: source and driving are the same picture."""


@dataclass(frozen=True)
class Clip:
    """Where the frames of one clip or still lie in the store."""

    file: str
    identity: str
    is_still: bool
    start: int
    length: int
    weight: float = 1.0
    """How often its person is drawn, against others."""


class ClipTable:
    """Draws frames of a table of clips: an identity by its weight, then one of its clips."""

    def __init__(self, clips: list[Clip]):
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
        """Uniform numbers (4, B) -> frame indices (B,), (B,): distinct frames of one clip."""
        identity = np.searchsorted(self.edges[:-1], u[0], side="right")
        row = self.first[identity] + np.int64(u[1] * self.count[identity])
        one, other = two_frames(u[2], u[3], self.length[row])
        return self.start[row] + one, self.start[row] + other


def two_frames(u: np.ndarray, v: np.ndarray, length) -> tuple[np.ndarray, np.ndarray]:
    """Two distinct frames of ``length`` (equal where it is 1) from uniform numbers u and v."""
    one = np.int64(u * length)
    step = 1 + np.int64(v * (length - 1))  # 1 to length - 1
    return one, (one + step) % length
