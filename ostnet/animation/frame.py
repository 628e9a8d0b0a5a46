"""What goes into the animator beside pictures, and what comes out of it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ostnet.animation.comparators import MotionPoints
from ostnet.animation.pose import Shot, check_pose
from ostnet.errors import InputError
from ostnet.model.frame import Reading

ALIGNMENTS = ("learned", "closed-form")
MOTIONS = ("absolute", "relative")
WINDOWS = ("frame", "clip", "start")
"""Named spans over which the driving scale is measured."""


@dataclass(frozen=True)
class Options:
    """How driving frames are read. The defaults are the method; the rest is for comparison."""

    driving_zoom: tuple[float, float] = (1.0, 1.0)
    """The driving face appears this many times as large (x, y), in (0, 5]."""

    alignment: str = "learned"
    """``learned``: T_theta; ``closed-form``: the ratio of keypoint spreads takes its place."""

    motion: str = "absolute"
    """``absolute``: the rectified keypoints themselves; ``relative``: their movement since an
    anchor frame, added to the source's keypoints, as peers do."""

    pose: str = "driver"
    """Reference pose, from which the head moves: ``portrait``, the portrait's own; ``position``,
    the driver's, at the portrait's place; ``driver``, the driver's at the driver's place (the
    paper). Without effect on relative motion."""

    anchor: MotionPoints | None = None
    """Anchor of relative motion, from ``Animator.find_anchor``; None: the first frame."""

    smoothing_fps: float | None = None
    """Frame rate for the one-euro filter on the fiducial offsets; None: no smoothing."""

    scale_window: str | int = "frame"
    """Over what the driving scale is measured: ``frame``, each frame for itself (the paper);
    ``clip``, the median over all frames; ``start``, the median over the first second; a number: a
    causal running median of so many frames."""

    first_frames: int = 25
    """How many frames the first second has, for ``start`` and for the neutral pose of a stream."""

    shots: tuple[Shot, ...] = ()
    """Neutral pose and ``start`` scale of each shot of the clip, from ``Animator.complete``. Where
    there are none, both are the median of the first ``first_frames`` frames so far."""

    clip_scale: tuple[float, float] | None = None
    """What ``clip`` came to, (s_x, s_y), from ``Animator.measure_scale``."""

    def __post_init__(self):
        zoom = tuple(self.driving_zoom)
        if len(zoom) != 2 or not all(isinstance(s, int | float) and 0 < s <= 5 for s in zoom):
            raise InputError(
                f"driving zoom: found {self.driving_zoom}, expected one or two numbers in (0, 5]"
            )
        for name, value, known in (
            ("alignment", self.alignment, ALIGNMENTS),
            ("motion", self.motion, MOTIONS),
        ):
            if value not in known:
                raise InputError(f"{name}: found {value!r}, expected one of {', '.join(known)}")
        check_pose(self.pose)
        if self.smoothing_fps is not None and not self.smoothing_fps > 0:
            raise InputError(f"smoothing_fps: found {self.smoothing_fps}, expected more than 0")
        window = self.scale_window
        if window not in WINDOWS and not (isinstance(window, int) and window > 0):
            raise InputError(
                f"scale_window: found {window!r}, expected {', '.join(WINDOWS)} or a number of "
                "frames"
            )
        if self.first_frames < 1:
            raise InputError(f"first_frames: found {self.first_frames}, expected at least 1")

    @property
    def needs_shots(self) -> bool:
        """Whether the clip's shots decide how its frames are read."""
        posed = self.pose != "driver" and self.motion == "absolute"
        return posed or self.scale_window == "start"


class Shown(NamedTuple):
    """A driving frame, and whether it shows a face; where it does not, the last motion is held."""

    picture: np.ndarray
    """uint8 RGB (H, W, 3)."""
    face: bool = True


METHOD = Options()
"""The method as published."""


@dataclass(frozen=True)
class Frame:
    """One generated frame. Pictures are uint8 RGB (S, S, 3), S the model's resolution (256)."""

    image: np.ndarray
    """The source performing the driving motion, at the animator's size."""

    driving: np.ndarray
    """The driving frame as the networks saw it: square, resized, zoomed."""

    rectified: np.ndarray
    """The driving frame at the source's scale; the driving frame itself without the transform."""

    scale: tuple[float, float]
    """(s_x, s_y): how many times larger the driving face is than the source's, the least-squares
    affine of the grid; measured in every variant, also where the grid is not used."""

    driving_spread: tuple[float, float]
    """(sigma_x, sigma_y): rms spread of the driving keypoints about their centroid."""

    spread: tuple[float, float] | None
    """The same of the generated picture; None unless it was asked for."""

    keypoints: np.ndarray
    """What the source performs: keypoints (K, 2) in [-1, 1], in the portrait's square."""

    reading: Reading
    """What the networks read off the driving frame, as arrays of the back end; of a held frame,
    what they read off the last one with a face."""

    held: bool
    """No face in this driving frame: the last motion is shown again."""

    ms: float
    """Milliseconds in the networks for this driving frame, all its variants together."""
