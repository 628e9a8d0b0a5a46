"""The data of one frame, and the order of the calls that compute it.

Does not import torch: back ends that compute with other arrays use it too, and start faster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ostnet.config import ModelConfig
    from ostnet.model.motion import Motion


@dataclass
class Source:
    """Everything that depends on the source picture alone; computed once per video."""

    image: Tensor  # (B, 3, H, W) in [0, 1]: the animated square; coordinates refer to it
    small: Tensor  # (B, 3, 64, 64): the input of dense motion
    medium: Tensor | None  # (B, 3, 128, 128): the input of its refinement; None without refinement
    keypoints: Tensor  # x_S, (B, K, 2)
    taps: list[Tensor]
    """Taps: encoder features of canvas or image, at 1/2, 1/4, 1/8 of its size, that skip to the
    decoder; without the first for a network that moves the picture in its place."""
    canvas: Tensor | None = None
    """(B, 3, H + 2 m, W + 2 m): the square and what lies around it; None: the square alone."""
    bounds: Tensor | None = None
    """(B, 4): left, top, right and bottom of the known picture, in the square's coordinates, for a
    network that generates what lies outside; None: the square, -1, -1, 1, 1."""

    def expand(self, batch: int) -> Source:
        """Return a view for ``batch`` driving frames; the source must have batch size 1."""
        return Source(
            self.image.expand(batch, -1, -1, -1),
            self.small.expand(batch, -1, -1, -1),
            None if self.medium is None else self.medium.expand(batch, -1, -1, -1),
            self.keypoints.expand(batch, -1, -1),
            [tap.expand(batch, -1, -1, -1) for tap in self.taps],
            None if self.canvas is None else self.canvas.expand(batch, -1, -1, -1),
            None if self.bounds is None else self.bounds.expand(batch, -1),
        )


@dataclass
class Alignment:
    """T_theta's output for one pair of keypoint sets."""

    z: Tensor  # scale code (B, code)
    fiducials: Tensor  # places of the base points in the driving picture, (B, 12, 2)
    scale: Tensor
    """(B, 2): how many times larger the driving face is than the source's, along x and y."""


@dataclass
class Reading:
    """Motion and scale read from driving frames."""

    x_driving: Tensor  # keypoints as they are, (B, K, 2)
    alignment: Alignment  # scale code, fiducial points, measured scale
    rectified: Tensor | None
    """I_D^: the driving picture at the source's scale, (B, 3, H, W); None if it was not made."""
    x_rectified: Tensor  # x_D^: keypoints at the source's scale, (B, K, 2)


Steering = Callable[[Alignment, "Tensor", "Tensor"], Alignment]
"""(alignment, x_S, x_D) -> the alignment to use: another measure of scale, a filter over time."""


@dataclass
class Rendered:
    """Generated pictures and the motion behind them."""

    image: Tensor  # (B, 3, H, W) in [0, 1]: the result
    painted: Tensor  # (B, 3, H, W) in [0, 1]: before the warped source is mixed in
    mix: Tensor | None
    """(B, 1, H, W) in [0, 1]: share of the warped source in the result; None: without ``mix``."""
    warped: Tensor | None
    """(B, 3, H, W): the warped source; None for a network that does not use it."""
    motion: Motion


def spread(points: Tensor) -> Tensor:
    """Return (B, 2) rms distances, along x and y, of keypoints (B, K, 2) from their centroid."""
    return ((points - points.mean(1)[:, None]) ** 2).mean(1) ** 0.5


LEAST_SCALE = 0.01
"""Smallest driving scale by which keypoints are divided."""


def at_source_scale(x_driving: Tensor, scale: Tensor) -> Tensor:
    """Return keypoints (B, K, 2) divided by the scale (B, 2), about the picture's centre."""
    return x_driving / scale.clip(min=LEAST_SCALE)[:, None]


class Reader:
    """Base class that reads a driving frame with ``keypoints``, ``align`` and ``rectify``."""

    if TYPE_CHECKING:
        config: ModelConfig

        def keypoints(self, /, image: Tensor) -> Tensor: ...  # noqa: D102
        def align(self, /, x_source: Tensor, x_driving: Tensor) -> Alignment: ...  # noqa: D102
        def rectify(self, /, driving: Tensor, fiducials: Tensor) -> Tensor: ...  # noqa: D102

    def read_points(
        self, source: Source, x_driving: Tensor, steer: Steering | None = None
    ) -> Reading:
        """Read keypoints (B, K, 2) that were detected before, as ``read`` does with ``points``."""
        alignment = self.align(source.keypoints, x_driving)
        if steer is not None:
            alignment = steer(alignment, source.keypoints, x_driving)
        divided = self.config.with_scale_transform
        x_rectified = at_source_scale(x_driving, alignment.scale) if divided else x_driving
        return Reading(x_driving, alignment, None, x_rectified)

    def read(
        self,
        source: Source,
        driving: Tensor,
        scale_transform: bool = True,
        steer: Steering | None = None,
        points: bool = False,
        picture: bool = True,
    ) -> Reading:
        """Read driving pictures (B, 3, H, W); z is computed from (x_S, x_D) in every variant.

        Args:
            source: of the same batch size B.
            driving: pictures in [0, 1].
            scale_transform: rectify first, if the network has the transformation.
            steer: changes the alignment before it is used.
            points: divide the keypoints by the scale instead of detecting keypoints again in the
                rectified picture (the paper).
            picture: make the rectified picture even if ``points`` does not need it.
        """
        x_driving = self.keypoints(driving)
        alignment = self.align(source.keypoints, x_driving)
        if steer is not None:
            alignment = steer(alignment, source.keypoints, x_driving)
        if not (scale_transform and self.config.with_scale_transform):
            return Reading(x_driving, alignment, driving, x_driving)
        rectified = None
        if picture or not points:
            rectified = self.rectify(driving, alignment.fiducials)
        if points or rectified is None:
            x_rectified = at_source_scale(x_driving, alignment.scale)
        else:
            x_rectified = self.keypoints(rectified)
        return Reading(x_driving, alignment, rectified, x_rectified)
