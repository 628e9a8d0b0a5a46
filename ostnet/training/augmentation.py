"""Random augmentation of training pairs, batched, in float32, on the device of their inputs.

Coordinates are in [-1, 1], x right, y down, align_corners=True. A picture and its points always
move together. Shapes: B batch, P points, H, W, R resolution, C = 25 control points.
"""

import functools
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.landmarks import mirrored
from ostnet.model.layers import identity_grid
from ostnet.training.pairs import Batch
from ostnet.training.rng import Generator, rand, randn, uniform

_RGB_TO_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))
"""Rows; the first one is luma."""
_CONTROL_SIDE = 5
_INVERSION_STEPS = 6


@dataclass
class SmoothWarp:
    """p -> matrix p + shift + sum_c bend_c phi(|p - c|), phi(r) = r^2 ln r, c on a 5 x 5 grid.

    Maps a position p of the *warped* picture to where its pixel is in the *original*.
    """

    matrix: Tensor  # (B, 2, 2)
    shift: Tensor  # (B, 2)
    bend: Tensor | None = None
    """(B, C, 2) weights of the control points; None: affine."""

    def warp_points(self, points: Tensor) -> Tensor:
        """Map points (B, P, 2) of the warped picture to the original; NaN stays NaN."""
        return _apply(self.matrix, points) + self.shift[:, None] + self._bending(points)

    def warp_image(self, image: Tensor) -> Tensor:
        """Return the warped picture (B, 3, H, W), bilinear, edge pixels repeated."""
        height, width = image.shape[-2:]
        pixels = identity_grid(height, width, device=image.device).reshape(1, -1, 2)
        with torch.autocast(image.device.type, enabled=False):
            grid = self.warp_points(pixels).view(len(image), height, width, 2)
            return F.grid_sample(
                image.float(), grid, mode="bilinear", padding_mode="border", align_corners=True
            )

    def inverse_points(self, points: Tensor) -> Tensor:
        """Map points (B, P, 2) of the original to the warped picture; NaN stays NaN.

        Inverts ``warp_points`` by fixed-point iteration; exact without bending.
        """
        inverse = torch.linalg.inv_ex(self.matrix).inverse  # (B, 2, 2)
        found = _apply(inverse, points - self.shift[:, None])
        for _ in range(_INVERSION_STEPS if self.bend is not None else 0):
            found = _apply(inverse, points - self.shift[:, None] - self._bending(found))
        return found

    def _bending(self, points: Tensor) -> Tensor | float:
        if self.bend is None:
            return 0.0
        controls = identity_grid(_CONTROL_SIDE, _CONTROL_SIDE, device=points.device).reshape(-1, 2)
        squared = (points[:, :, None] - controls).square().sum(-1)  # (B or 1, P, C)
        return (0.5 * squared * squared.clamp(min=1e-12).log()) @ self.bend


def _apply(matrix: Tensor, points: Tensor) -> Tensor:
    """Multiply (B, 2, 2) by each of (B or 1, P, 2), without the precision loss of autocast."""
    return (matrix[:, None] * points[:, :, None]).sum(-1)


def random_warp(
    batch: int, generator: Generator, affine: float, shift: float, bend: float
) -> SmoothWarp:
    """Return B random warps: I + N(0, affine^2), shift N(0, shift^2), spline N(0, bend^2)."""
    matrix = torch.eye(2, device=generator.device) + affine * randn((batch, 2, 2), generator)
    moved = shift * randn((batch, 2), generator)
    return SmoothWarp(matrix, moved, bend * randn((batch, _CONTROL_SIDE**2, 2), generator))


def random_equivariance_map(
    batch: int, generator: Generator, low: float = 0.7, high: float = 1.3
) -> SmoothWarp:
    """Return random maps under which the keypoint detector should be equivariant.

    As in first-order-model (arXiv 2003.00196): affine I + N(0, .05^2) with shift N(0, .05^2),
    spline N(0, .005^2). Beyond it: the face appears U(low, high) times as large along each axis;
    otherwise keypoints need not follow scale.
    """
    warp = random_warp(batch, generator, affine=0.05, shift=0.05, bend=0.005)
    scale = uniform((batch, 1, 2), low, high, generator)
    return SmoothWarp(warp.matrix / scale, warp.shift, warp.bend)


def draw_scales(
    batch: int, low: float, high: float, generator: Generator, log_uniform: bool = False
) -> Tensor:
    """Return independent scales (s_x, s_y) of [low, high]: (B, 2), uniform in s or in ln s."""
    u = rand((batch, 2), generator)
    return low * (high / low) ** u if log_uniform else low + (high - low) * u


def scale_points(points: Tensor, s: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """Return (q - offset) s: where ``scale_image`` moves points (B or none, P, 2) of a picture.

    For the base points (12, 2) of T_theta these are the fiducials that undo ``scale_image``.
    """
    offset = offset[:, None] if isinstance(offset, Tensor) else offset
    return (points - offset) * s[:, None]


def flip(batch: Batch, generator: Generator, share: float = 0.5) -> Batch:
    """Mirror both pictures of a random share of the pairs, and swap left and right points."""
    rows = _choose(batch, generator, share)
    pixels, points = rows[:, None, None, None], rows[:, None, None]
    return replace(
        batch,
        source=torch.where(pixels, batch.source.flip(-1), batch.source),
        driving=torch.where(pixels, batch.driving.flip(-1), batch.driving),
        source_landmarks=torch.where(
            points, mirrored(batch.source_landmarks), batch.source_landmarks
        ),
        driving_landmarks=torch.where(
            points, mirrored(batch.driving_landmarks), batch.driving_landmarks
        ),
    )


def colour_jitter(batch: Batch, generator: Generator, amount: float = 0.1) -> Batch:
    """Change brightness, contrast, saturation and hue, the same for both pictures of a pair.

    Brightness, contrast and saturation are multiplied by U(1 - amount, 1 + amount), hue is turned
    by U(-amount, amount) of a full circle (in YIQ); contrast is about the pair's mean grey. All of
    it is one affine map of colour per pair; the result is clamped to [0, 1].
    """
    count, device = len(batch.source), batch.source.device
    gain = uniform((count, 3, 1, 1), 1 - amount, 1 + amount, generator).unbind(1)  # (B, 1, 1) each
    angle = uniform((count,), -amount, amount, generator) * 2 * torch.pi
    to_yiq, to_rgb = _colour_matrices(device)
    luma = to_yiq[0]
    identity = torch.eye(3, device=device)
    turn = identity.repeat(count, 1, 1)
    turn[:, 1, 1] = turn[:, 2, 2] = angle.cos()
    turn[:, 1, 2], turn[:, 2, 1] = -angle.sin(), angle.sin()
    grey = luma.expand(3, 3)  # maps a colour to its grey
    colour = gain[0] * gain[1] * (grey + gain[2] * (identity - grey))  # (B, 3, 3)
    with torch.autocast(device.type, enabled=False):
        colour = to_rgb @ turn @ to_yiq @ colour
        mean = (batch.source.mean((2, 3)) + batch.driving.mean((2, 3))) / 2 @ luma  # (B,)
        shift = ((1 - gain[1]) * gain[0]).flatten() * mean

        def apply(image: Tensor) -> Tensor:
            changed = colour @ image.flatten(2) + shift[:, None, None]
            return changed.clamp_(0, 1).view_as(image)

        return replace(batch, source=apply(batch.source), driving=apply(batch.driving))


@functools.cache
def _colour_matrices(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return RGB to YIQ and its inverse, (3, 3) each; cached, as a copy to a GPU blocks."""
    to_yiq = torch.tensor(_RGB_TO_YIQ)
    return to_yiq.to(device), torch.linalg.inv(to_yiq).to(device)


def reframe(
    batch: Batch,
    generator: Generator,
    share: float,
    sides: tuple[float, float] = (0.75, 0.92),
    shift: float = 0.15,
) -> tuple[Batch, Tensor]:
    """Crop the two pictures of a random share of the pairs at different places; stills stay.

    Both windows of a pair have the same side, ``sides`` (log-uniform) of the picture's, and lie
    inside it. The second is moved against the first by up to ``shift`` of the window's side along
    each axis, so the target shows what the source does not.

    Returns:
        The batch, and its changed rows (B,) bool.
    """
    count = len(batch.source)
    rows = _choose(batch, generator, share) & ~batch.is_still
    side = draw_scales(count, *sides, generator, log_uniform=True)[:, :1]
    side = torch.where(rows[:, None], side, 1.0)  # (B, 1)
    room = 1 - side  # largest distance of a window's centre from the picture's
    moved = torch.minimum(2 * shift * side, 2 * room) * uniform((count, 2), -1, 1, generator)
    low, high = -room - moved.clamp(max=0), room - moved.clamp(min=0)
    first = low + (high - low) * rand((count, 2), generator)
    matrix = side[:, None] * torch.eye(2, device=side.device)  # (B, 2, 2)
    return _warped(batch, SmoothWarp(matrix, first), SmoothWarp(matrix, first + moved)), rows


def jitter_framing(
    batch: Batch,
    generator: Generator,
    share: float = 0.5,
    zoom: tuple[float, float] = (0.85, 1.2),
    stretch: float = 0.05,
    shift: float = 0.08,
    roll: float = 5.0,
    spared: Tensor | None = None,
) -> Batch:
    """Zoom, stretch, shift and turn both pictures of a random share of the pairs alike.

    The pair is enlarged by ``zoom`` (log-uniform), one axis against the other by up to ``stretch``,
    moved by up to ``shift`` along each axis and turned by up to ``roll`` degrees. The rows
    ``spared`` (B,) bool stay as they are.
    """
    count = len(batch.source)
    chosen = _choose(batch, generator, share)
    if spared is not None:
        chosen = chosen & ~spared
    common = draw_scales(count, *zoom, generator, log_uniform=True)[:, :1]
    aspect = uniform((count, 1), 1 - stretch, 1 + stretch, generator)
    angle = torch.deg2rad(uniform((count,), -roll, roll, generator))
    moved = uniform((count, 2), -shift, shift, generator)
    size = torch.cat([common * aspect, common / aspect], dim=1)
    size = torch.where(chosen[:, None], size, 1.0)
    angle, moved = angle * chosen, moved * chosen[:, None]
    turn = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], -1).view(-1, 2, 2)
    warp = SmoothWarp(turn / size[:, None, :], moved)
    return _warped(batch, warp, warp)


def warp_stills(batch: Batch, generator: Generator) -> Batch:
    """Warp the two pictures of each still differently; other pairs stay.

    Affine I + N(0, .05^2), shift N(0, .03^2), spline N(0, .012^2).
    """
    source, driving = (
        random_warp(len(batch.source), generator, affine=0.05, shift=0.03, bend=0.012)
        for _ in range(2)
    )
    warped, stills = _warped(batch, source, driving), batch.is_still
    pixels, points = stills[:, None, None, None], stills[:, None, None]
    return Batch(
        torch.where(pixels, warped.source, batch.source),
        torch.where(pixels, warped.driving, batch.driving),
        torch.where(points, warped.source_landmarks, batch.source_landmarks),
        torch.where(points, warped.driving_landmarks, batch.driving_landmarks),
        stills,
    )


def _warped(batch: Batch, source: SmoothWarp, driving: SmoothWarp) -> Batch:
    return Batch(
        source.warp_image(batch.source),
        driving.warp_image(batch.driving),
        source.inverse_points(batch.source_landmarks),
        driving.inverse_points(batch.driving_landmarks),
        batch.is_still,
    )


def _choose(batch: Batch, generator: Generator, share: float) -> Tensor:
    """Return a mask (B,) bool of a random share of the batch."""
    return rand((len(batch.source),), generator) < share
