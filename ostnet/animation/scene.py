"""What is animated by what: a portrait, a driving clip, their squares, and how they are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ostnet.animation.frame import WINDOWS, Options, Shown
from ostnet.animation.presence import FacePresence
from ostnet.animation.steering import window_frames
from ostnet.errors import InputError
from ostnet.media.crop import Crop, driving_crop, source_crop
from ostnet.media.faces import Detector, make_detector
from ostnet.media.square import Framed
from ostnet.media.video import VideoInfo, probe, read_frames, read_image

NETWORK_SIDE = 256
"""Side of the square that the networks see, in pixels; results are at least as large."""
LARGEST_DEFAULT = 512
"""Side of the result that is chosen by itself at most."""
SIZES = ("256", "512", "1024", "portrait")
"""Sides of the result that can be asked for; ``portrait``: that of the portrait's square."""
LARGEST = 2048
"""Side of a result at most, in pixels."""
LONGEST_WINDOW = 3600
"""Seconds over which the driving scale is measured at most."""


@dataclass(frozen=True)
class Inputs:
    """A portrait and a driving clip, and how to look at them."""

    source: Path
    """Picture file with the face to animate."""

    driving: Path
    """Video file with the motion."""

    source_crop: str | Crop = "auto"
    """``auto``: a square around the face; ``none``: the centre square; or the square itself."""

    driving_crop: str = "auto"
    """``fixed``: one square for the whole clip around its face; ``none``: the centre square;
    ``auto``: ``none`` where that already frames the face well, else ``fixed``, or a square for each
    shot where the face moves too far for one."""

    face: int = 0
    """Which face, counted from the largest, 0, in each file that shows so many."""

    max_frames: int | None = None
    """Stop after this many driving frames; None: at the clip's end."""

    options: Options = field(default_factory=lambda: Options(pose="portrait"))
    """How the driving motion is read."""

    smooth: bool = False
    """Smooth the fiducial offsets over time, at the clip's frame rate."""

    size: str | None = None
    """Side of the result, one of ``SIZES``; None: the larger of 256 and what the portrait's square
    has, up to 512."""

    scale_window: str | float = "frame"
    """Over what the driving scale is measured: ``frame``, each frame for itself (the paper);
    ``clip``, one scale for the whole clip; ``start``, one scale for each shot, that of its first
    second; or a causal running median of so many seconds."""

    def __post_init__(self):
        if self.size is not None and self.size not in SIZES:
            raise InputError(f"size: found {self.size!r}, expected one of {', '.join(SIZES)}")
        window = self.scale_window
        seconds = isinstance(window, float) and 0 < window <= LONGEST_WINDOW
        if window not in WINDOWS and not seconds:
            raise InputError(
                f"scale window: found {window!r}, expected {', '.join(WINDOWS)} or a number of "
                f"seconds above 0 and up to {LONGEST_WINDOW}"
            )

    def driving_frames(self) -> Iterator[np.ndarray]:
        """The driving frames as they are in the file; a fresh reading of it."""
        return read_frames(self.driving, self.max_frames, role="driving")


@dataclass(frozen=True)
class Scene:
    """Inputs that have been looked at: what is animated, by what, and where the faces are."""

    inputs: Inputs
    portrait: np.ndarray
    """The whole source picture, uint8 (H, W, 3)."""

    source_crop: Crop
    driving_crop: Crop
    video: VideoInfo
    detector: Detector
    face_expected: bool
    """Whether driving frames before the first one with a face are held too."""

    warnings: list[str]
    """What the user should see: for instance that no face was found."""

    @property
    def size(self) -> int:
        """Side of the result in pixels, even."""
        square, wanted = self.source_crop.size, self.inputs.size
        if wanted is None:
            side = min(max(square, NETWORK_SIDE), LARGEST_DEFAULT)
        elif wanted == "portrait":
            side = min(max(square, NETWORK_SIDE), LARGEST)
        else:
            side = int(wanted)
        return side - side % 2

    @property
    def total(self) -> int:
        """Driving frames that will be animated."""
        return min(self.video.frames, self.inputs.max_frames or self.video.frames)

    @property
    def framed(self) -> Framed:
        """The portrait's square with what lies around it, for the networks."""
        return Framed(self.portrait, self.source_crop, self.size)

    @property
    def source(self) -> np.ndarray:
        """The portrait's square at the size of the result, uint8 (size, size, 3)."""
        return self.framed.square

    @property
    def options(self) -> Options:
        """How the driving motion is read, with what the clip's frame rate decides."""
        options, fps, window = self.inputs.options, float(self.video.fps), self.inputs.scale_window
        options = replace(options, first_frames=window_frames(1, fps))
        if self.inputs.smooth:
            options = replace(options, smoothing_fps=fps)
        if window != "frame":
            frames = window if window in WINDOWS else window_frames(float(window), fps)
            options = replace(options, scale_window=frames)
        return options

    def shown(self, stopped: Callable[[], bool] = lambda: False) -> "DrivingFrames":
        """Return the driving frames, cropped, each with whether it shows a face.

        Args:
            stopped: once it returns True, a reading ends, but not before its first frame.
        """
        return DrivingFrames(self, stopped)


@dataclass(frozen=True)
class DrivingFrames:
    """The driving frames of a scene; each iteration is a fresh reading of the file."""

    scene: Scene
    stopped: Callable[[], bool]

    def __len__(self) -> int:
        """How many there are, by what the file says."""
        return self.scene.total

    def __iter__(self) -> Iterator[Shown]:
        scene = self.scene
        has_face = FacePresence(scene.detector.detect, expected=scene.face_expected)
        for index, frame in enumerate(scene.inputs.driving_frames()):
            if index and self.stopped():
                return
            picture = scene.driving_crop.at(index).apply(frame, NETWORK_SIDE)
            yield Shown(picture, has_face(picture))


def look_at(inputs: Inputs) -> Scene:
    """Read the portrait, find the faces, choose the crops.

    Raises:
        InputError: a file that is missing or cannot be read, or a face that is not there.
    """
    portrait = read_image(inputs.source, role="source")
    video = probe(inputs.driving, role="driving")
    detector = make_detector()
    (square, source_warning), (framed, driving_warning) = _chosen_face(
        inputs.face,
        lambda face: source_crop(portrait, inputs.source_crop, face, detector),
        lambda face: driving_crop(_clip(inputs), inputs.driving_crop, detector, face, info=video),
    )
    return Scene(
        inputs=inputs,
        portrait=portrait,
        source_crop=square,
        driving_crop=framed,
        video=video,
        detector=detector,
        face_expected=inputs.driving_crop != "none",
        warnings=[text for text in (source_warning, driving_warning) if text],
    )


def _clip(inputs: Inputs) -> Path | Iterator[np.ndarray]:
    """What the driving crop looks at: the file or, of a shortened run, its first frames."""
    return inputs.driving if inputs.max_frames is None else inputs.driving_frames()


def _chosen_face(face: int, *crops: Callable[[int], tuple]) -> list[tuple]:
    """Call each with ``face``; one that shows too few faces takes its largest instead.

    Raises:
        InputError: not one of them shows so many faces.
    """
    found, complaints = [], []
    for crop in crops:
        try:
            found.append(crop(face))
        except InputError as error:
            if face == 0:
                raise
            complaints.append(error)
            found.append(crop(0))
    if len(complaints) == len(crops):
        raise complaints[0]
    return found
