"""Which frames of a clip are kept, where not all of them are."""

import numpy as np

from ostnet import landmarks


def spaced(frames: int, limit: int | None) -> np.ndarray:
    """Indices of at most ``limit`` frames, evenly spaced over ``frames`` frames, ends included."""
    if limit is None or frames <= limit:
        return np.arange(frames)
    return np.round(np.linspace(0, frames - 1, limit)).astype(np.int64)


def lively(points: np.ndarray, limit: int | None) -> np.ndarray:
    """Indices of at most ``limit`` frames of landmarks (frames, 70, 2), rising.

    Half of them evenly spaced; a quarter each are those of the others with the eyes closed and the
    mouth open furthest, rare moments that spacing misses. Where landmarks tell neither, all are
    evenly spaced.
    """
    frames = len(points)
    mouth, eyes = landmarks.openings(points).T
    known = np.flatnonzero(np.isfinite(mouth) & np.isfinite(eyes))
    if limit is None or frames <= limit or not len(known):
        return spaced(frames, limit)
    chosen = set(spaced(frames, max(1, limit // 2)).tolist())
    by_eyes, by_mouth = known[eyes[known].argsort()], known[mouth[known].argsort()[::-1]]
    for order, upto in ((by_eyes, 3 * limit // 4), (by_mouth, limit)):
        for index in order:
            if len(chosen) >= upto:
                break
            chosen.add(int(index))
    return np.array(sorted(chosen))
