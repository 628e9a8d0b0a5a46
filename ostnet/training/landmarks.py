"""Which facial landmarks training uses, by name: targets for the keypoint detector, mouth and eyes.

A landmark file holds 70 points a frame: the usual 68 (jaw 0-16, brows 17-26, nose 27-35, eyes
36-47, mouth 48-67) and the two irises (68, 69). "left" and "right" are the picture's sides.
Of these, training keeps P = 47 *tracked* points: the 15 keypoints first, then mouth, then eyes.
"""

import functools

import torch

POINTS_IN_FILE = 70

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
}
"""The 15 keypoint targets in the detector's order: name -> index among the 70 points."""

_MOUTH_POINTS = tuple(range(48, 68))
_EYE_POINTS = tuple(range(36, 48))

TRACKED: tuple[int, ...] = (*KEYPOINTS.values(), *_MOUTH_POINTS, *_EYE_POINTS)
"""Indices among the 70 points of the P = 47 points that a frame store keeps."""

KEYPOINT_ROWS = slice(0, len(KEYPOINTS))
"""Rows of the tracked points that are the keypoint targets."""

MOUTH_ROWS = slice(KEYPOINT_ROWS.stop, KEYPOINT_ROWS.stop + len(_MOUTH_POINTS))
"""Rows of the tracked points that outline the mouth, outer lips then inner."""

EYE_ROWS = slice(MOUTH_ROWS.stop, MOUTH_ROWS.stop + len(_EYE_POINTS))
"""Rows of the tracked points that outline the eyes, left eye (6 points) then right."""


def _mirror_of_70() -> list[int]:
    """Index of each of the 70 points' mirror image."""
    mirror = list(range(POINTS_IN_FILE))
    pairs = [(i, 16 - i) for i in range(8)]  # jaw
    pairs += [(17 + i, 26 - i) for i in range(5)]  # brows
    pairs += [(31, 35), (32, 34)]  # nostrils
    pairs += [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]  # eyes
    pairs += [(48, 54), (49, 53), (50, 52), (55, 59), (56, 58)]  # outer lips
    pairs += [(60, 64), (61, 63), (65, 67), (68, 69)]  # inner lips, irises
    for left, right in pairs:
        mirror[left], mirror[right] = right, left
    return mirror


MIRROR_70: tuple[int, ...] = tuple(_mirror_of_70())
"""After a horizontal flip, row i of the 70 points is what was row MIRROR_70[i]."""


def _mirror_of_tracked() -> list[int]:
    """Index of each tracked point's mirror image, within its own group of rows."""
    mirror: list[int] = []
    for rows in (KEYPOINT_ROWS, MOUTH_ROWS, EYE_ROWS):
        group = TRACKED[rows]
        mirror += [rows.start + group.index(MIRROR_70[point]) for point in group]
    return mirror


MIRROR_TRACKED: tuple[int, ...] = tuple(_mirror_of_tracked())
"""After a horizontal flip, tracked row i is what was tracked row MIRROR_TRACKED[i]."""


def mirrored(tracked: torch.Tensor) -> torch.Tensor:
    """Tracked points of the horizontally flipped picture: (..., P, 2) -> (..., P, 2).

    x changes sign, and left and right points change places. NaN stays NaN.
    """
    order, sign = _mirror(tracked.device)
    return tracked[..., order, :] * sign


@functools.cache
def _mirror(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The permutation (P,) and the signs of x and y; kept, as copying to a GPU waits for it."""
    order = torch.tensor(MIRROR_TRACKED, device=device)
    return order, torch.tensor([-1.0, 1.0], device=device)
