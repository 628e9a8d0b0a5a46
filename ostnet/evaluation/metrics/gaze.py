"""Where the eyes look: the iris's place in the eye, by the dark centre of the eye's contour.

No network. On 677 frames of our validation clips, with dlib's contours, it correlates with the gaze
of a dense face mesh at .86 (x) and .44 (y), clip means and blinks removed. With itself, after the
picture has been turned by 3 degrees, scaled by 7 % and moved, it correlates at .96 and .82.
MediaPipe's face mesh and iris networks (3.9 MB) reach .84 and .45 on the same frames.
"""

import cv2
import numpy as np

from ostnet.landmarks import EYES

NAME = "iris: squared darkness below the median within the eye's contour"
"""What finds the iris, for reports."""

SIDE = 64
"""Side in pixels of the square in which an eye is looked at; it shows two widths of the eye."""

WIDTH = SIDE // 2
"""Width of the eye there."""

GROWN = 0.1
"""How much the contour is grown up and down, and cut off at either corner, in widths of the eye."""

LEAST = 4.0
"""Width in pixels of the picture under which an eye shows no iris."""


def gaze(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return where the irises are: (2,), x right and y down, mean of both eyes.

    The iris's centre minus the midpoint of the eye's corners, over the distance of the corners.

    Args:
        image: uint8 RGB (H, W, 3).
        landmarks: (68, 2) pixels.

    Returns:
        NaN where an eye is too small, flat or closed to a line.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.mean([_offset(grey, landmarks[list(eye)]) for eye in EYES], axis=0)


def _offset(grey: np.ndarray, contour: np.ndarray) -> np.ndarray:
    """Return the iris's offset (2,) of one eye with its six points (6, 2)."""
    across = contour[3] - contour[0]
    width = np.linalg.norm(across)
    if width < LEAST:
        return np.full(2, np.nan)
    # From the square to the picture: the eye lies level in it, its corners' midpoint in the middle.
    turn = np.array([[across[0], -across[1]], [across[1], across[0]]]) / WIDTH  # (2, 2)
    middle = (contour[0] + contour[3]) / 2
    matrix = np.column_stack([turn, middle - turn @ np.full(2, (SIDE - 1) / 2)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square = cv2.warpAffine(
        grey, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    square = cv2.GaussianBlur(square, (0, 0), 1)
    within = _inside((contour - middle) @ np.linalg.inv(turn).T)
    if within.sum() < WIDTH:
        return np.full(2, np.nan)
    darkness = np.clip(np.median(square[within]) - square, 0, None) ** 2 * within
    if darkness.sum() <= 0:
        return np.full(2, np.nan)
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    centre = np.array([(darkness * columns).sum(), (darkness * rows).sum()]) / darkness.sum()
    return turn @ centre / width


def _inside(contour: np.ndarray) -> np.ndarray:
    """Return which pixels (SIDE, SIDE) lie in the grown contour (6, 2), about the middle."""
    contour = contour.copy()
    contour[1:3, 1] -= GROWN * WIDTH
    contour[4:6, 1] += GROWN * WIDTH
    centre = contour[:, 0].mean()
    contour[:, 0] = centre + (1 - GROWN) * (contour[:, 0] - centre)
    sixteenths = np.rint(16 * (contour + (SIDE - 1) / 2)).astype(np.int32)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(sixteenths), 1, shift=4)
    return mask > 0
