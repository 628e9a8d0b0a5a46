"""The scale transformation: scale code, fiducial points, thin-plate spline (paper section 3.2).

Base points lie in the output picture, predicted fiducial points say where they sit in the input
(convention of RARE, arXiv 1603.03915, and of spatial transformers). A driving face that is s times
too large has the ideal fiducials ``s * FIDUCIALS``. ``scale_image`` is the opposite: the
expression-preserved augmentation (paper section 3.3).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostnet.config import ModelConfig
from ostnet.model.frame import Alignment
from ostnet.model.layers import identity_grid

_SIDE = [-0.75, -0.25, 0.25, 0.75]
_EDGE = [-1 / 3, 1 / 3]
FIDUCIALS = torch.tensor(
    [[-1.0, y] for y in _SIDE]
    + [[1.0, y] for y in _SIDE]
    + [[x, -1.0] for x in _EDGE]
    + [[x, 1.0] for x in _EDGE],
    dtype=torch.float64,
)
"""The 12 base points (12, 2) on the border ring of the output picture."""


def _radial(squared: Tensor) -> Tensor:
    """Return phi(r) = r^2 ln r^2, with phi(0) = 0."""
    return torch.where(squared > 0, squared * squared.clamp(min=1e-300).log(), 0.0)


def _basis(points: Tensor) -> Tensor:
    """Return the TPS basis (N, 15) of points (N, 2): 12 radial values, 1, x, y."""
    squared = (points[:, None] - FIDUCIALS[None]).square().sum(-1)
    return torch.cat([_radial(squared), torch.ones(len(points), 1).double(), points], dim=1)


def tps_matrix(height: int, width: int) -> Tensor:
    """Return the constant map (H*W, 12) from fiducial points to the sampling grid, in float64.

    Solves the interpolation once: the inverted system matrix (15, 15) times the basis of every
    output pixel. The last three columns multiply the zero side conditions and are dropped.
    """
    count = len(FIDUCIALS)
    system = torch.zeros(count + 3, count + 3, dtype=torch.float64)
    system[:count] = _basis(FIDUCIALS)
    system[count:, :count] = system[:count, count:].T
    pixels = identity_grid(height, width, torch.float64).reshape(-1, 2)
    return (_basis(pixels) @ torch.linalg.inv(system))[:, :count]


def affine_matrix(height: int, width: int) -> Tensor:
    """Return the map (2, 12): row a gives A_aa of the grid's least-squares affine p = A p' + t.

    The pixels are symmetric about the centre, so the least-squares slope along an axis is
    sum(p' p) / sum(p' p').
    """
    pixels = identity_grid(height, width, torch.float64).reshape(-1, 2)
    slope = pixels / pixels.square().sum(dim=0)  # (H*W, 2)
    return slope.T @ tps_matrix(height, width)


class ScaleTransform(nn.Module):
    """Computes T_theta and the sampling grid.

    z = T_theta(x_S, x_D, d_S, d_D) with distance vectors d_k = x_k - mean(x); a linear head on z,
    zero at the start, predicts an offset of each base point: an untrained module is the identity.
    With ``scale_map`` affine the head predicts the offset of an affine map that moves all of them
    (the spline through such points is that map).
    """

    base: Tensor  # the base points, (12, 2)
    affine: Tensor  # maps fiducials to the affine scale of their grid; see affine_matrix

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.code = nn.Sequential(
            nn.Linear(8 * config.keypoints, config.scale_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(config.scale_hidden, config.scale_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(config.scale_hidden, config.scale_code),
        )
        self.is_affine = config.scale_map == "affine"
        self.head = nn.Linear(config.scale_code, 6 if self.is_affine else FIDUCIALS.numel())
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("base", FIDUCIALS.float(), persistent=False)
        with torch.device("cpu"):  # a constant, independent of the weights' device
            affine = affine_matrix(config.resolution, config.resolution).float()
        self.register_buffer("affine", affine, persistent=False)
        self._grids: dict[tuple, Tensor] = {}

    def forward(self, x_source: Tensor, x_driving: Tensor) -> Alignment:
        """Return the alignment of source and driving keypoints (B, K, 2), in float32."""
        with torch.autocast(x_source.device.type, enabled=False):
            x_source, x_driving = x_source.float(), x_driving.float()
            d_source = x_source - x_source.mean(dim=1, keepdim=True)
            d_driving = x_driving - x_driving.mean(dim=1, keepdim=True)
            parts = [x_source, x_driving, d_source, d_driving]
            z = self.code(torch.cat([part.flatten(1) for part in parts], dim=1))  # (B, code)
            fiducials = self.base + self._offsets(z)  # (B, 12, 2)
        return Alignment(z, fiducials, self.affine_scale(fiducials))

    def _offsets(self, z: Tensor) -> Tensor:
        """Return the offsets (B, 12, 2) of the base points of a code (B, code)."""
        moved = self.head(z).unflatten(1, (-1, 2))  # (B, 12, 2), or (B, 3, 2) if affine
        return F.pad(self.base, (0, 1), value=1.0) @ moved if self.is_affine else moved

    def affine_scale(self, fiducials: Tensor) -> Tensor:
        """Return (A_xx, A_yy) of the grid of fiducials (B, 12, 2): (B, 2)."""
        return torch.einsum("af,bfa->ba", self.affine, fiducials.float())

    def grid(self, fiducials: Tensor, height: int, width: int) -> Tensor:
        """Return the sampling grid (B, H, W, 2) of fiducials (B, 12, 2), in float32."""
        key = (height, width, fiducials.device)
        if key not in self._grids:
            # no inference tensors, since training may follow
            with torch.inference_mode(False):
                self._grids[key] = tps_matrix(height, width).float().to(fiducials.device)
        # the base points reproduce the identity, so only their offsets need the product: exact at 0
        with torch.autocast(fiducials.device.type, enabled=False):
            offsets = self._grids[key] @ (fiducials.float() - self.base)  # (B, H*W, 2)
        return identity_grid(height, width, device=fiducials.device) + offsets.unflatten(
            1, (height, width)
        )


def scale_image(image: Tensor, s: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """Make the face appear s times as large: (B, 3, H, W) with s (B, 2), x first.

    Output pixel p shows the input at p / s + offset (a number or (B, 2), in [-1, 1] coordinates),
    edge pixels repeated. Bilinear where it enlarges; where it shrinks, the mean over the area
    (1 / s pixels wide) that falls on the output pixel. s = 1, offset 0 is exact.
    """
    offset = torch.as_tensor(offset, dtype=torch.float32, device=image.device).expand_as(s)
    with torch.autocast(image.device.type, enabled=False):
        across = _resampling(image.shape[-1], s[:, 0], offset[:, 0])  # (B, W, W)
        down = _resampling(image.shape[-2], s[:, 1], offset[:, 1])  # (B, H, H)
        return down[:, None] @ (image.float() @ across[:, None].mT)


def _resampling(size: int, s: Tensor, offset: Tensor) -> Tensor:
    """Return row-stochastic matrices (B, size, size): output pixel = mean of input pixels.

    The weight of an input pixel is the share of a box, max(1, 1 / s) pixels wide about the sampled
    position, that covers it; the outermost pixels extend to infinity.
    """
    middle = (size - 1) / 2
    output = torch.arange(size, device=s.device) - middle
    position = output / s[:, None] + middle * (1 + offset[:, None])  # (B, size), in pixels
    width = (1 / s).clamp(min=1)[:, None, None]
    edges = torch.arange(1, size, device=s.device) - 0.5  # between neighbouring input pixels
    below = ((edges - position[..., None]) / width + 0.5).clamp(0, 1)  # (B, size, size - 1)
    return torch.diff(F.pad(F.pad(below, (1, 0), value=0.0), (0, 1), value=1.0), dim=-1)
