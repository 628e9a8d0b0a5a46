"""Facial landmark conventions.

68 points in iBUG order (300-W: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, mouth 48-67), and two
irises (68, 69) in files that training reads. "left" and "right" are the picture's sides.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

POINTS = 70
"""Points of a frame in a data folder's landmarks.npz; the first 68 are iBUG's."""

NOSE_BRIDGE, NOSE_TIP, NOSE_BASE = 27, 30, 33
OUTER_EYES = (36, 45)
"""Outer corners of the eyes."""
EYES = (range(36, 42), range(42, 48))
"""The six points around each eye, the picture's left eye first: corner, two of the upper lid,
corner, two of the lower lid."""
INNER_LIP_UPPER, INNER_LIP_LOWER = [61, 62, 63], [67, 66, 65]
"""Inner lips, pair by pair."""
JAW, MOUTH = range(17), range(48, 68)
EYE_POINTS = range(36, 48)
RIGID = [27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45, 0, 16]
"""Points that speech does not move: nose, nostrils, four eye corners, ends of the jaw line."""

KEYPOINTS: dict[str, int] = {
    "brow_left": 19,
    "brow_right": 24,
    "iris_left": 68,
    "iris_right": 69,
    "eye_outer_left": 36,
    "eye_outer_right": 45,
    "nose_bridge": 27,
    "nose_tip": 30,
    "mouth_left": 48,
    "mouth_right": 54,
    "lip_upper": 51,
    "lip_lower": 57,
    "chin": 8,
    "jaw_left": 3,
    "jaw_right": 13,
    "lip_inner_upper": 62,
    "lip_inner_lower": 66,
    "lid_upper_left": 37,
    "lid_lower_left": 41,
    "lid_upper_right": 44,
    "lid_lower_right": 46,
    "eye_inner_left": 39,
    "eye_inner_right": 42,
    "brow_inner_left": 21,
    "brow_inner_right": 22,
    "nose_base": 33,
    "ear_left": 0,
    "ear_right": 16,
    "lip_bow_left": 50,
    "lip_bow_right": 52,
}
"""Targets of the keypoint detector, in its order: name -> index among the 70 points.

A detector with K keypoints learns the first K: 15 outline the face, 30 include lids and lips.
"""


NEIGHBOURS = {
    "lip_inner_upper": "lip_upper",
    "lip_inner_lower": "lip_lower",
    "lid_upper_left": "iris_left",
    "lid_lower_left": "iris_left",
    "lid_upper_right": "iris_right",
    "lid_lower_right": "iris_right",
    "eye_inner_left": "iris_left",
    "eye_inner_right": "iris_right",
    "brow_inner_left": "brow_left",
    "brow_inner_right": "brow_right",
    "nose_base": "nose_tip",
    "ear_left": "jaw_left",
    "ear_right": "jaw_right",
    "lip_bow_left": "lip_upper",
    "lip_bow_right": "lip_upper",
}
"""Keypoint that ``model/growth.py`` adds -> the earlier one whose weights it starts from."""

KEYPOINT_COUNTS = (15, 30)
"""Numbers of keypoints whose detector has learned landmarks."""


def keypoint_indices(count: int) -> list[int]:
    """Return the landmark (of 70) that each of ``count`` keypoints learns.

    Raises:
        ValueError: there are fewer landmarks.
    """
    if count > len(KEYPOINTS):
        raise ValueError(
            f"keypoints: found {count}, expected at most {len(KEYPOINTS)} to learn landmarks"
        )
    return list(KEYPOINTS.values())[:count]


def keypoint_parents(known: int, count: int) -> list[int]:
    """Return for each of ``count`` keypoints which of the first ``known`` it starts from."""
    names = list(KEYPOINTS)
    found = []
    for index, name in enumerate(names[:count]):
        while index >= known:
            name = NEIGHBOURS[name]
            index = names.index(name)
        found.append(index)
    return found


def _gap(upper: str, lower: str) -> tuple[int, int]:
    names = list(KEYPOINTS)
    return names.index(upper), names.index(lower)


KEYPOINT_GAPS = [
    _gap("lid_upper_left", "lid_lower_left"),
    _gap("lid_upper_right", "lid_lower_right"),
    _gap("lip_inner_upper", "lip_inner_lower"),
    _gap("lip_upper", "lip_lower"),
]
"""Pairs of keypoints whose distance measures how far eyes and mouth are open."""


def keypoint_openings(count: int) -> list[tuple[int, int, int, int]]:
    """Return the openings among ``count`` keypoints, each with a reference distance.

    Upper and lower keypoint of ``KEYPOINT_GAPS``, then two keypoints whose distance does not depend
    on the expression: for lids the corners of the eye; for lips the bridge and the base of the nose
    or, without a base, its tip.
    """
    names = list(KEYPOINTS)
    base = names.index("nose_base")
    nose = names.index("nose_bridge"), base if base < count else names.index("nose_tip")
    eyes = (_gap(f"eye_outer_{side}", f"eye_inner_{side}") for side in ("left", "right"))
    pairs = zip(KEYPOINT_GAPS, [*eyes, nose, nose], strict=True)
    return [(*gap, *ends) for gap, ends in pairs if max(*gap, *ends) < count]


def _parts() -> list[tuple[str, list[int], list[int]]]:
    names = list(KEYPOINTS)

    def indices(*wanted: str) -> list[int]:
        return [names.index(name) for name in wanted]

    corners = indices("mouth_left", "mouth_right")
    lips = [name for name in names if name.startswith("lip_")]
    parts = [("mouth", corners, [*corners, *indices(*lips, "chin")])]
    for side in ("left", "right"):
        eye = indices(f"eye_outer_{side}", f"eye_inner_{side}")
        parts += [
            ("eyelids", eye, indices(f"lid_upper_{side}", f"lid_lower_{side}")),
            ("irises", eye, indices(f"iris_{side}")),
            ("brows", eye, indices(f"brow_{side}", f"brow_inner_{side}")),
        ]
    return parts


KEYPOINT_PARTS = tuple(_parts())
"""Parts of the face that move within the head, left eye before right: name, the keypoints whose
middle the part moves about, and its keypoints. They need all keypoints."""

REGION_PARTS = {
    "mouth": ("mouth",),
    "eyes": ("eyelids", "irises"),
    "expression": ("mouth", "eyelids", "irises", "brows"),
    "head": ("head",),
}
"""Value of ``AnimateOptions.only`` -> the parts that move."""


def _mirror() -> list[int]:
    mirror = list(range(POINTS))
    pairs = [(i, 16 - i) for i in range(8)]  # jaw
    pairs += [(17 + i, 26 - i) for i in range(5)]  # brows
    pairs += [(31, 35), (32, 34)]  # nostrils
    pairs += [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]  # eyes
    pairs += [(48, 54), (49, 53), (50, 52), (55, 59), (56, 58)]  # outer lips
    pairs += [(60, 64), (61, 63), (65, 67), (68, 69)]  # inner lips, irises
    for left, right in pairs:
        mirror[left], mirror[right] = right, left
    return mirror


MIRROR: tuple[int, ...] = tuple(_mirror())
"""Row i of the 70 points after a horizontal flip is row MIRROR[i] before it."""


def keypoint_mirror(count: int) -> list[int]:
    """Return the index of each of ``count`` keypoints before a horizontal flip.

    Raises:
        ValueError: one of a pair is missing.
    """
    indices = keypoint_indices(count)
    return [indices.index(MIRROR[index]) for index in indices]


def mirrored(points: Tensor) -> Tensor:
    """Return points (..., 70 or K, 2) of the horizontally flipped picture; NaN stays NaN.

    x changes sign, and left and right points are swapped.
    """
    order, sign = _mirror_on(points.shape[-2], points.device)
    return points[..., order, :] * sign


@functools.cache
def _mirror_on(count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the permutation (count,) and signs of x and y; cached: a copy to a GPU blocks."""
    import torch  # back ends without torch import this module too

    order = MIRROR if count == POINTS else keypoint_mirror(count)
    return torch.tensor(order, device=device), torch.tensor([-1.0, 1.0], device=device)


def openings(points: np.ndarray) -> np.ndarray:
    """Return how far mouth and eyes are open, (..., 2), NaN where unknown, of (..., 68+, 2).

    Mouth: mean distance of the three inner lip pairs over the distance from nose bridge to base.
    Eyes: mean *eye aspect ratio* of both (lid distances over twice the eye's width; Soukupova and
    Cech 2016).
    """

    def length(a, b):
        return np.linalg.norm(points[..., a, :] - points[..., b, :], axis=-1)

    with np.errstate(invalid="ignore", divide="ignore"):
        nose = length(NOSE_BRIDGE, NOSE_BASE)
        mouth = length(INNER_LIP_UPPER, INNER_LIP_LOWER).mean(axis=-1) / nose
        ratios = [
            (length(eye[1], eye[5]) + length(eye[2], eye[4])) / (2 * length(eye[0], eye[3]))
            for eye in EYES
        ]
    return np.stack([mouth, np.mean(ratios, axis=0)], axis=-1)
