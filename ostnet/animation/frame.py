"""Inputs of the animator besides the source picture and the options, its outputs and its state."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ostnet.animation.comparators import MotionPoints
from ostnet.animation.pose import Shot
from ostnet.model.frame import Reading

Pair = tuple[float, float]


class DrivingFrame(NamedTuple):
    """A driving frame, and whether it shows a face; where it does not, the last motion is held."""

    picture: np.ndarray
    """uint8 RGB (H, W, 3)."""
    face: bool = True
    keypoints: np.ndarray | None = None
    """(K, 2) of a motion file, in [-1, 1]; the picture is then not read."""
    cut: bool = False
    """Whether a new shot starts; only with keypoints, else the pictures are compared."""


def as_driving_frame(frame: np.ndarray | DrivingFrame) -> DrivingFrame:
    """Return a ``DrivingFrame``; a picture alone is taken to show a face."""
    return frame if isinstance(frame, DrivingFrame) else DrivingFrame(frame)


@dataclass(frozen=True)
class ClipReference:
    """Measurements of a whole driving clip, made by ``Animator.reference``."""

    fps: float = 25.0
    """Frames per second, above 0."""

    scale: tuple[float, float] | None = None
    """The one driving scale (s_x, s_y) of the clip, for ``scale_window="clip"``."""

    anchor: MotionPoints | None = None
    """Anchor of relative motion; None: the first frame."""

    shots: tuple[Shot, ...] = ()
    """Neutral pose and scale at the start of each shot. Where there are none, both are the median
    over the frames so far, up to the end of the first second."""

    still: bool = False
    """Whether the clip is a single picture, which has a pose but no movement."""

    @property
    def second(self) -> int:
        """Number of frames in one second, at least 1."""
        return max(1, round(self.fps))


STREAM = ClipReference()
"""The reference of a clip that is not read in advance, such as a camera's."""


@dataclass(frozen=True)
class Frame:
    """One generated frame. Pictures are uint8 RGB (S, S, 3), S the model's resolution (256)."""

    image: np.ndarray
    """The source performing the driving motion, at the animator's size. For a source with alpha,
    RGBA (S, S, 4); its colours are those over white."""

    driving: np.ndarray
    """The driving frame as the networks saw it: square, resized, zoomed."""

    rectified: np.ndarray | None
    """The driving frame at the source's scale; the driving frame itself without the transform.
    None if the transform is on and nobody asked for this picture."""

    scale: tuple[float, float]
    """(s_x, s_y): how many times larger the driving face is than the source's, the least-squares
    affine of the grid; measured in every variant, also where the grid is not used."""

    driving_spread: tuple[float, float]
    """(sigma_x, sigma_y): rms spread of the driving keypoints about their centroid."""

    spread: tuple[float, float] | None
    """The same of the generated picture; None unless it is measured."""

    keypoints: np.ndarray
    """Keypoints (K, 2) that the source performs, in [-1, 1] of the portrait's square."""

    reading: Reading
    """Measurements of the driving frame, as arrays of the back end; a held frame has those of the
    last frame with a face."""

    held: bool
    """Whether the driving frame has no face, so that the last motion is repeated."""

    ms: float
    """Milliseconds in the networks for this driving frame, all its variants together."""


@dataclass
class FrameState:
    """The state of a driving frame between stages."""

    driving: np.ndarray
    """As the networks see it, uint8 (R, R, 3)."""
    rectified: np.ndarray | None
    """The same at the source's scale; None if nobody shows it."""
    held: bool
    reading: Reading
    performed: MotionPoints | None
    """Keypoints for the source to perform; None: as in the last frame, so nothing is computed."""
    motions: dict = field(default_factory=dict)
    """Whether the scale transformation is on -> dense motion."""
    images: dict[str, np.ndarray] = field(default_factory=dict)
    """Variant -> result, uint8 (S, S, 3)."""
    spreads: dict[str, Pair] = field(default_factory=dict)
    """Variant -> rms spread of the keypoints found in it."""
    ms: float = 0.0
    """Time in the networks so far."""

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Add the time that the block takes."""
        started = time.perf_counter()
        yield
        self.ms += 1000 * (time.perf_counter() - started)
