"""Blending of animated squares into the portrait they were cut from."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ostnet.media.square import Crop

FEATHER = 0.12
"""Width of the blended border, as a share of the crop's side."""

ROUNDNESS = 0.25
"""Radius of the mask's corners, as a share of the crop's side."""

LARGEST_CORRECTION = 24.0
"""Largest correction of the border's colour in grey levels; a larger difference is movement."""

COARSE = 64
"""Side in pixels at which colours are compared."""

SPREAD = 5.0
"""Standard deviation of the Gaussian that spreads the correction, in coarse pixels."""

FADE = 0.05
"""Weight of zero correction, which prevails far from the border."""

CROSSFADE = 0.3
"""Width of the transition between the faces of two squares that overlap, in half sides."""


class Paster:
    """Blends generated squares into one portrait.

    The mask is a rounded square with soft edges, except those at or beyond the portrait's edge.
    Before blending, a smooth correction that fades inwards matches the colours along the border
    (a coarse form of mean-value cloning), so that there is no visible seam.
    """

    def __init__(self, portrait: np.ndarray, crop: Crop, opacity: np.ndarray | None = None):
        """Take a portrait and the place of the generated squares in it.

        Args:
            portrait: uint8 RGB (H, W, 3).
            crop: the place.
            opacity: the portrait's alpha channel, uint8 (H, W), if squares have one.
        """
        from PIL import Image

        self._opacity = opacity
        self._quarters = round(crop.roll / 90) if crop.roll % 90 == 0 else 0
        crop = replace(crop, roll=crop.roll - 90 * self._quarters)
        height, width = portrait.shape[:2]
        around = crop.bounds
        top, bottom = max(around.top, 0), min(around.top + around.size, height)
        left, right = max(around.left, 0), min(around.left + around.size, width)
        self._size = (crop.size, crop.size)
        self._roll, self._beyond = crop.roll, (around.size - crop.size) // 2
        self._portrait = portrait
        self._place = (slice(top, bottom), slice(left, right))  # the square's rows and columns
        self._part = (
            left - around.left,
            top - around.top,
            right - around.left,
            bottom - around.top,
        )
        mask = Image.fromarray(np.round(255 * soft_mask(crop, height, width)).astype(np.uint8))
        self._mask = self._laid(mask).crop(self._part)
        self._colours = crop.apply(portrait, COARSE).astype(np.float32)  # (c, c, 3)
        coarse = mask.resize((COARSE, COARSE), Image.Resampling.BOX)
        self._border = 1.0 - np.asarray(coarse, np.float32)[..., None] / 255  # (c, c, 1)
        self._blur = _gaussian_matrix(COARSE, SPREAD)  # (c, c)
        self._reach = self._blurred(self._border) + FADE  # (c, c, 1)

    def paste(self, generated: np.ndarray) -> np.ndarray:
        """Return a copy of the portrait, uint8 (H, W, 3), with a square, uint8 (h, h, 3), in it.

        With alpha, both have four channels.
        """
        from PIL import Image

        result = self._portrait.copy()
        self.paste_onto(result, generated)
        if self._opacity is None:
            return result
        alpha = self._opacity.copy()
        opacity = np.rot90(generated[..., 3], -self._quarters)
        self._blend(alpha, Image.fromarray(np.ascontiguousarray(opacity)))
        return np.dstack([result, alpha])

    def paste_onto(self, result: np.ndarray, generated: np.ndarray) -> None:
        """Paste a square, uint8 (h, h, 3 or 4), into a picture, uint8 (H, W, 3)."""
        self._blend(result, self._matched(np.rot90(generated, -self._quarters)[..., :3]))

    def _blend(self, result: np.ndarray, square) -> None:
        """Write a picture of an upright square into its place, (H, W) or (H, W, 3)."""
        from PIL import Image

        if square.size != self._size:
            square = square.resize(self._size, Image.Resampling.BICUBIC)
        part = self._laid(square).crop(self._part)
        under = Image.fromarray(np.ascontiguousarray(result[self._place]))
        result[self._place] = Image.composite(part, under, self._mask)

    def leave_to(self, others: np.ndarray, share: np.ndarray) -> None:
        """Reduce the mask to a share of itself, and add it to the weights of later squares.

        Args:
            others: sum of the weights (H, W) of all squares that are pasted after this one.
            share: of this square in each pixel of its place.
        """
        from PIL import Image

        weights = np.asarray(self._mask, np.float32) / 255 * share
        rest = 1 - others[self._place]
        shown = np.divide(weights, rest, out=np.zeros_like(weights), where=rest > 1e-3)
        self._mask = Image.fromarray(np.round(255 * shown.clip(0, 1)).astype(np.uint8))
        others[self._place] += weights

    def _laid(self, square):
        """Return a picture of an upright square, tilted as in the portrait, on black."""
        from PIL import Image, ImageOps

        if not self._roll:
            return square
        return ImageOps.expand(square, self._beyond).rotate(-self._roll, Image.Resampling.BICUBIC)

    def _matched(self, generated: np.ndarray):
        """Return a picture of the square with colours that match the portrait along the border."""
        from PIL import Image

        picture = Image.fromarray(np.ascontiguousarray(generated))
        coarse = picture.resize((COARSE, COARSE), Image.Resampling.BOX)
        difference = self._colours - np.asarray(coarse, np.float32)  # (c, c, 3)
        difference = difference.clip(-LARGEST_CORRECTION, LARGEST_CORRECTION) * self._border
        correction = self._blurred(difference) / self._reach
        # as bytes around 128, which Pillow can enlarge
        bytes_ = Image.fromarray(np.round(correction + 128).clip(0, 255).astype(np.uint8))
        enlarged = np.asarray(bytes_.resize(picture.size, Image.Resampling.BILINEAR), np.int16)
        return Image.fromarray((generated + enlarged - 128).clip(0, 255).astype(np.uint8))

    def _blurred(self, field: np.ndarray) -> np.ndarray:
        """Blur a field (c, c, n) with a Gaussian, zero outside."""
        return np.einsum("yi,ijn,xj->yxn", self._blur, field, self._blur, optimize=True)


class GroupPaster:
    """Blends the generated squares of several faces into one portrait.

    Where squares overlap, a pixel belongs to the face that is nearest, in halves of the sides of
    their squares, with a soft transition.
    """

    def __init__(self, portrait: np.ndarray, crops: Sequence[Crop]):
        """Take a portrait, uint8 RGB (H, W, 3), and the places of the squares in it."""
        self._portrait = portrait
        self._pasters = [Paster(portrait, crop) for crop in crops]
        others = np.zeros(portrait.shape[:2], np.float32)
        for index, paster in reversed(list(enumerate(self._pasters))):
            paster.leave_to(others, nearness(crops, index, *paster._place))

    def paste(self, squares: Sequence[np.ndarray]) -> np.ndarray:
        """Return a copy of the portrait with the squares, uint8 (h, h, 3), in it."""
        result = self._portrait.copy()
        for paster, square in zip(self._pasters, squares, strict=True):
            paster.paste_onto(result, square)
        return result


def nearness(crops: Sequence[Crop], index: int, rows: slice, columns: slice) -> np.ndarray:
    """Return to which share, in [0, 1], each pixel belongs to the face of one of the crops.

    The shares of all crops add up to at most 1, of two crops to 1.
    """
    y, x = np.mgrid[rows, columns].astype(np.float32) + 0.5  # (h, w) each
    distances = [
        np.hypot(x - crop.left - crop.size / 2, y - crop.top - crop.size / 2) / (crop.size / 2)
        for crop in crops
    ]
    share = np.ones_like(x)
    for distance in (one for number, one in enumerate(distances) if number != index):
        ahead = ((distance - distances[index]) / CROSSFADE + 0.5).clip(0, 1)
        share *= ahead * ahead * (3 - 2 * ahead)
    return share


def soft_mask(crop: Crop, height: int, width: int) -> np.ndarray:
    """Return the weights (S, S) in [0, 1] of the square of side S in a picture (height, width)."""
    feather, radius = FEATHER * crop.size, ROUNDNESS * crop.size
    at = np.arange(crop.size, dtype=np.float32) + 0.5
    # distance from the inner square, per axis; 0 at hard edges
    tilted, (right, bottom) = bool(crop.roll), (crop.left + crop.size, crop.top + crop.size)
    x = _beyond(at, crop.size, radius, tilted or crop.left > 0, tilted or right < width)
    y = _beyond(at, crop.size, radius, tilted or crop.top > 0, tilted or bottom < height)
    inside = radius - np.hypot(x[None, :], y[:, None])  # depth under the rounded outline
    share = (inside / feather).clip(0, 1)
    return share * share * (3 - 2 * share)


def _beyond(at: np.ndarray, size: int, radius: float, low: bool, high: bool) -> np.ndarray:
    """Return the distance of positions from [radius, size - radius], on the soft sides."""
    below = radius - at if low else np.zeros_like(at)
    above = at - (size - radius) if high else np.zeros_like(at)
    return np.maximum(np.maximum(below, above), 0)


def _gaussian_matrix(size: int, sigma: float) -> np.ndarray:
    """Return (size, size): row i is a Gaussian around i, with sum 1 far from the ends."""
    at = np.arange(size, dtype=np.float32)
    weights = np.exp(-0.5 * ((at[:, None] - at[None, :]) / sigma) ** 2)
    return weights / (sigma * np.sqrt(2 * np.pi))
