"""Random changes of training pairs, batched, in float32, on the device of their inputs.

Coordinates are in [-1, 1], x right, y down, align_corners=True. A picture and its points always
move together. Every draw comes from a generator on the device of the batch (training/rng.py).
Shapes: B batch, P points, H, W, R resolution, C control points.
"""

import functools
from dataclasses import replace

import torch
from torch import Tensor

from ostnet.landmarks import mirrored
from ostnet.training.pairs import Batch
from ostnet.training.rng import Generator, rand, uniform
from ostnet.training.warp import SmoothWarp, random_warp

_RGB_TO_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))
"""Rows; the first one is luma."""


def draw_scales(
    batch: int, low: float, high: float, generator: Generator, log_uniform: bool = False
) -> Tensor:
    """Independent scales (s_x, s_y) of [low, high]: (B, 2), uniform in s or in ln s."""
    u = rand((batch, 2), generator)
    return low * (high / low) ** u if log_uniform else low + (high - low) * u


def scale_points(points: Tensor, s: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """Where points (B, P, 2) of a picture appear after ``scale_image``: (q - offset) s."""
    return (points - _per_row(offset)) * s[:, None]


def ideal_fiducials(base: Tensor, s: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """The fiducials (B, F, 2) that undo ``scale_image``: (base - offset) s, base (F, 2)."""
    return (base.to(s) - _per_row(offset)) * s[:, None]


def _per_row(offset: Tensor | float) -> Tensor | float:
    return offset[:, None] if isinstance(offset, Tensor) else offset


def flip(batch: Batch, generator: Generator, share: float = 0.5) -> Batch:
    """Mirror both pictures of a random share of the pairs; left and right points change places."""
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

    Brightness, contrast and saturation are multiplied by U(1 - amount, 1 + amount), hue turns by
    U(-amount, amount) of a full circle (in YIQ); contrast is about the pair's mean grey. All of it
    is one affine map of colour a pair; the result is clamped to [0, 1].
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
    """RGB to YIQ and back, (3, 3) each; kept, as copying to a GPU waits for it."""
    to_yiq = torch.tensor(_RGB_TO_YIQ)
    return to_yiq.to(device), torch.linalg.inv(to_yiq).to(device)


def reframe(
    batch: Batch,
    generator: Generator,
    share: float,
    sides: tuple[float, float] = (0.75, 0.92),
    shift: float = 0.15,
) -> tuple[Batch, Tensor]:
    """Cut a random share of the pairs, stills apart, out of their pictures at different places.

    Both windows of a pair have the same side, ``sides`` (log-uniform) of the picture's, and lie
    whole inside it. The second is moved against the first by up to ``shift`` of the window's side
    along each axis, so what the driving picture shows beyond the source is known.

    Returns:
        The batch, and its changed rows (B,) bool.
    """
    count = len(batch.source)
    rows = _choose(batch, generator, share) & ~batch.is_still
    side = draw_scales(count, *sides, generator, log_uniform=True)[:, :1]
    side = torch.where(rows[:, None], side, 1.0)  # (B, 1)
    room = 1 - side  # how far the middle of a window may lie from the picture's
    moved = torch.minimum(2 * shift * side, 2 * room) * uniform((count, 2), -1, 1, generator)
    low, high = -room - moved.clamp(max=0), room - moved.clamp(min=0)
    first = low + (high - low) * rand((count, 2), generator)
    matrix = side[:, None] * torch.eye(2, device=side.device)  # (B, 2, 2)
    source, driving = SmoothWarp(matrix, first), SmoothWarp(matrix, first + moved)
    changed = Batch(
        source.warp_image(batch.source),
        driving.warp_image(batch.driving),
        source.appear(batch.source_landmarks),
        driving.appear(batch.driving_landmarks),
        batch.is_still,
    )
    return changed, rows


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
    """Frame both pictures of a random share of the pairs anew, in the same way.

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
    return Batch(
        warp.warp_image(batch.source),
        warp.warp_image(batch.driving),
        warp.appear(batch.source_landmarks),
        warp.appear(batch.driving_landmarks),
        batch.is_still,
    )


def warp_stills(batch: Batch, generator: Generator) -> Batch:
    """Make the two pictures of each still differ: each is put through its own random smooth warp.

    Affine I + N(0, .05^2), shift N(0, .03^2), spline N(0, .012^2). Other pairs are untouched.
    """
    rows = batch.is_still

    def warped(image: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        warp = random_warp(len(image), generator, affine=0.05, shift=0.03, bend=0.012)
        pixels = torch.where(rows[:, None, None, None], warp.warp_image(image), image)
        return pixels, torch.where(rows[:, None, None], warp.appear(points), points)

    source, source_landmarks = warped(batch.source, batch.source_landmarks)
    driving, driving_landmarks = warped(batch.driving, batch.driving_landmarks)
    return Batch(source, driving, source_landmarks, driving_landmarks, rows)


def _choose(batch: Batch, generator: Generator, share: float) -> Tensor:
    """Rows (B,) bool of a random share of the batch."""
    return rand((len(batch.source),), generator) < share
