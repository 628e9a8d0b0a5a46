"""The animated square back into the portrait it was cut from."""

from dataclasses import replace

import numpy as np

from ostnet.media.crop import Crop

FEATHER = 0.12
"""Width of the blended border, as a share of the crop's side."""

ROUNDNESS = 0.25
"""Radius of the mask's corners, as a share of the crop's side."""

LARGEST_CORRECTION = 24.0
"""Grey levels by which the border's colour is corrected at most: what differs by more has moved."""

COARSE = 64
"""Pixels of a side on which colours are compared."""

SPREAD = 5.0
"""Standard deviation, in coarse pixels, with which a correction spreads inwards."""

FADE = 0.05
"""Weight of "no correction": where less of the border than this is in reach, it fades."""


class Paster:
    """Puts generated squares into one portrait; what depends on the crop alone is computed once.

    The mask is a rounded square with a soft border; a side that lies on the portrait's edge or
    beyond has nothing to blend with and stays hard. Before blending, the generated colours
    are drawn to the portrait's along the border, by a smooth correction that fades inwards (a
    coarse form of mean-value cloning), so that a change of tone leaves no seam.
    """

    def __init__(self, portrait: np.ndarray, crop: Crop):
        """`portrait`: uint8 RGB (H, W, 3); `crop`: where the generated squares belong."""
        from PIL import Image

        self._quarters = round(crop.roll / 90) if crop.roll % 90 == 0 else 0
        crop = replace(crop, roll=crop.roll - 90 * self._quarters)
        height, width = portrait.shape[:2]
        around = crop.bounds
        top, bottom = max(around.top, 0), min(around.top + around.size, height)
        left, right = max(around.left, 0), min(around.left + around.size, width)
        self._size = (crop.size, crop.size)
        self._roll, self._beyond = crop.roll, (around.size - crop.size) // 2
        self._portrait = portrait
        self._place = (slice(top, bottom), slice(left, right))  # of the square in the portrait
        self._part = (
            left - around.left,
            top - around.top,
            right - around.left,
            bottom - around.top,
        )
        mask = Image.fromarray(np.round(255 * soft_mask(crop, height, width)).astype(np.uint8))
        self._mask = self._laid(mask).crop(self._part)
        self._under = Image.fromarray(np.ascontiguousarray(portrait[self._place]))
        self._colours = crop.apply(portrait, COARSE).astype(np.float32)  # (c, c, 3)
        coarse = mask.resize((COARSE, COARSE), Image.Resampling.BOX)
        self._border = 1.0 - np.asarray(coarse, np.float32)[..., None] / 255  # (c, c, 1)
        self._blur = _gaussian_matrix(COARSE, SPREAD)  # (c, c)
        self._reach = self._blurred(self._border) + FADE  # (c, c, 1)

    def paste(self, generated: np.ndarray) -> np.ndarray:
        """A copy of the portrait, uint8 (H, W, 3), with a generated square, uint8 (h, h, 3)."""
        from PIL import Image

        square = self._matched(np.rot90(generated, -self._quarters))
        if square.size != self._size:
            square = square.resize(self._size, Image.Resampling.BICUBIC)
        result = self._portrait.copy()
        part = self._laid(square).crop(self._part)
        result[self._place] = Image.composite(part, self._under, self._mask)
        return result

    def _laid(self, square):
        """The picture of an upright square, tilted as it lies in the portrait, black around it."""
        from PIL import Image, ImageOps

        if not self._roll:
            return square
        return ImageOps.expand(square, self._beyond).rotate(-self._roll, Image.Resampling.BICUBIC)

    def _matched(self, generated: np.ndarray):
        """The generated square with its border's colours drawn to the portrait's, as a picture."""
        from PIL import Image

        picture = Image.fromarray(np.ascontiguousarray(generated))
        coarse = picture.resize((COARSE, COARSE), Image.Resampling.BOX)
        difference = self._colours - np.asarray(coarse, np.float32)  # (c, c, 3)
        difference = difference.clip(-LARGEST_CORRECTION, LARGEST_CORRECTION) * self._border
        correction = self._blurred(difference) / self._reach
        # As bytes around 128, for Pillow to enlarge.
        bytes_ = Image.fromarray(np.round(correction + 128).clip(0, 255).astype(np.uint8))
        enlarged = np.asarray(bytes_.resize(picture.size, Image.Resampling.BILINEAR), np.int16)
        return Image.fromarray((generated + enlarged - 128).clip(0, 255).astype(np.uint8))

    def _blurred(self, field: np.ndarray) -> np.ndarray:
        """A (c, c, n) field under a Gaussian, zero outside."""
        return np.einsum("yi,ijn,xj->yxn", self._blur, field, self._blur, optimize=True)


def paste_back(portrait: np.ndarray, generated: np.ndarray, crop: Crop) -> np.ndarray:
    """The portrait, uint8 (H, W, 3), with one generated square in the place of its crop.

    For many squares of one portrait use `Paster`.
    """
    return Paster(portrait, crop).paste(generated)


def soft_mask(crop: Crop, height: int, width: int) -> np.ndarray:
    """Weights (S, S) in [0, 1] of the generated square of side S in a picture of that size.

    All sides of a tilted square are soft.
    """
    feather, radius = FEATHER * crop.size, ROUNDNESS * crop.size
    at = np.arange(crop.size, dtype=np.float32) + 0.5
    # Distance beyond the rounded square's inner square, per axis; none at sides without border.
    tilted, (right, bottom) = bool(crop.roll), (crop.left + crop.size, crop.top + crop.size)
    x = _beyond(at, crop.size, radius, tilted or crop.left > 0, tilted or right < width)
    y = _beyond(at, crop.size, radius, tilted or crop.top > 0, tilted or bottom < height)
    inside = radius - np.hypot(x[None, :], y[:, None])  # depth under the rounded outline
    share = (inside / feather).clip(0, 1)
    return share * share * (3 - 2 * share)


def _beyond(at: np.ndarray, size: int, radius: float, low: bool, high: bool) -> np.ndarray:
    """How far positions lie outside [radius, size - radius], on the sides that count."""
    below = radius - at if low else np.zeros_like(at)
    above = at - (size - radius) if high else np.zeros_like(at)
    return np.maximum(np.maximum(below, above), 0)


def _gaussian_matrix(size: int, sigma: float) -> np.ndarray:
    """(size, size): row i weighs a signal by a Gaussian around i, of sum 1 far from the ends."""
    at = np.arange(size, dtype=np.float32)
    weights = np.exp(-0.5 * ((at[:, None] - at[None, :]) / sigma) ** 2)
    return weights / (sigma * np.sqrt(2 * np.pi))
