"""Smooth random maps of the plane: an affine map plus a thin-plate spline.

Used for equivariance of the keypoint detector (first-order-model, arXiv 2003.00196), for framing
and for still pictures. Coordinates in [-1, 1], align_corners=True; float32 throughout.
Shapes: B batch, P points, C = 25 control points.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.model.layers import identity_grid
from ostnet.training.rng import Generator, randn, uniform

_CONTROL_SIDE = 5
_INVERSION_STEPS = 6


@dataclass
class SmoothWarp:
    """p -> matrix p + shift + sum_c bend_c phi(|p - c|), phi(r) = r^2 ln r, c on a 5 x 5 grid.

    It says where a pixel p of the *warped* picture is found in the *original*.
    """

    matrix: Tensor
    """(B, 2, 2)."""
    shift: Tensor
    """(B, 2)."""
    bend: Tensor | None = None
    """(B, C, 2) weights of the control points; None: affine."""

    def warp_points(self, points: Tensor) -> Tensor:
        """Points (B, P, 2) of the warped picture -> the same points in the original; NaN stays."""
        return _apply(self.matrix, points) + self.shift[:, None] + self._bending(points)

    def warp_image(self, image: Tensor) -> Tensor:
        """The warped picture (B, 3, H, W), bilinear, edge pixels repeated."""
        height, width = image.shape[-2:]
        pixels = identity_grid(height, width, device=image.device).reshape(1, -1, 2)
        with torch.autocast(image.device.type, enabled=False):
            grid = self.warp_points(pixels).view(len(image), height, width, 2)
            return F.grid_sample(
                image.float(), grid, mode="bilinear", padding_mode="border", align_corners=True
            )

    def appear(self, points: Tensor) -> Tensor:
        """Points (B, P, 2) of the original -> where they appear in the warped picture; NaN stays.

        Inverse of ``warp_points`` by fixed-point iteration; exact without bending.
        """
        inverse = torch.linalg.inv_ex(self.matrix).inverse  # (B, 2, 2)
        found = _apply(inverse, points - self.shift[:, None])
        if self.bend is None:
            return found
        for _ in range(_INVERSION_STEPS):
            found = _apply(inverse, points - self.shift[:, None] - self._bending(found))
        return found

    def _bending(self, points: Tensor) -> Tensor | float:
        if self.bend is None:
            return 0.0
        controls = identity_grid(_CONTROL_SIDE, _CONTROL_SIDE, device=points.device).reshape(-1, 2)
        squared = (points[:, :, None] - controls).square().sum(-1)  # (B or 1, P, C)
        return (0.5 * squared * squared.clamp(min=1e-12).log()) @ self.bend


def _apply(matrix: Tensor, points: Tensor) -> Tensor:
    """(B, 2, 2) times each of (B or 1, P, 2); no matrix product, which may run in low precision."""
    return (matrix[:, None] * points[:, :, None]).sum(-1)


def random_warp(
    batch: int, generator: Generator, affine: float, shift: float, bend: float
) -> SmoothWarp:
    """B random warps: matrix I + N(0, affine^2), shift N(0, shift^2), spline N(0, bend^2)."""

    def normal(*shape: int) -> Tensor:
        return randn(shape, generator)

    return SmoothWarp(
        torch.eye(2, device=generator.device) + affine * normal(batch, 2, 2),
        shift * normal(batch, 2),
        bend * normal(batch, _CONTROL_SIDE**2, 2),
    )


def random_equivariance_map(
    batch: int, generator: Generator, low: float = 0.7, high: float = 1.3
) -> SmoothWarp:
    """Random maps under which the keypoint detector should be equivariant.

    Lineage: affine I + N(0, .05^2) with shift N(0, .05^2), spline N(0, .005^2). Beyond it: the face
    appears U(low, high) times as large along each axis, else keypoints need not follow scale.
    """
    warp = random_warp(batch, generator, affine=0.05, shift=0.05, bend=0.005)
    scale = uniform((batch, 1, 2), low, high, generator)
    return SmoothWarp(warp.matrix / scale, warp.shift, warp.bend)
