"""The inputs of a run: a portrait, a driving clip, their squares and their faces."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from ostnet.animation.frame import DrivingFrame
from ostnet.animation.motion_file import Motion, is_motion, load_motion
from ostnet.animation.presence import FacePresence
from ostnet.errors import InputError
from ostnet.media.crop import Crop, driving_crop, source_crop
from ostnet.media.faces import Detector, make_detector
from ostnet.media.image import read_opacity
from ostnet.media.paste import Paster
from ostnet.media.probe import check_sides
from ostnet.media.sequence import DEFAULT_FPS, is_sequence, sequence
from ostnet.media.square import Framed
from ostnet.media.video import Clip, VideoInfo, probe, read_frames, read_image
from ostnet.options import AnimateOptions

NETWORK_SIDE = 256
"""Side of the square that the networks see, in pixels; results are at least as large."""
LARGEST_DEFAULT = 512
"""Largest side of the result if the options give none."""
LARGEST = 2048
"""Largest side of a result, in pixels."""


@dataclass(frozen=True)
class Scene:
    """A portrait and a driving clip whose faces have been found."""

    driving: Path | Clip | Motion
    options: AnimateOptions
    portrait: np.ndarray
    """The whole source picture, uint8 (H, W, 3)."""

    source_crop: Crop
    driving_crop: Crop
    video: VideoInfo
    detector: Detector
    face_expected: bool
    """Whether driving frames before the first one with a face are held too."""

    warnings: list[str]
    """Messages for the user, for instance that no face was found."""

    opacity: np.ndarray | None = None
    """Alpha channel of the portrait, uint8 (H, W), which the result has too; None: opaque."""

    @property
    def motions(self) -> list[Motion]:
        """The motion files that drive."""
        return [self.driving] if isinstance(self.driving, Motion) else []

    @property
    def size(self) -> int:
        """Side of the result in pixels, even."""
        square, wanted = self.source_crop.size, self.options.size
        if isinstance(wanted, int):
            return wanted
        most = LARGEST if wanted == "portrait" else LARGEST_DEFAULT
        side = min(max(square, NETWORK_SIDE), most)
        return side - side % 2

    @property
    def fps(self) -> float:
        """Frames per second of the driving clip."""
        return float(self.video.fps)

    @property
    def total(self) -> int:
        """Number of driving frames that will be animated."""
        return self.options.frames(self.video.frames, self.fps)

    @property
    def framed(self) -> Framed:
        """The portrait's square with the photograph around it, for the networks."""
        return Framed(self.portrait, self.source_crop, self.size, self.opacity)

    @property
    def source(self) -> np.ndarray:
        """The portrait's square at the size of the result, uint8 (size, size, 3)."""
        return self.framed.square

    @property
    def paster(self) -> Paster | None:
        """What puts generated squares back into the portrait; None: the options do not ask."""
        if not self.options.paste_back:
            return None
        return Paster(self.portrait, self.source_crop, self.opacity)

    @property
    def limit(self) -> int | None:
        """Number of driving frames to read; None: all that the file has."""
        return None if self.total == self.video.frames else self.total

    def frames(self, cancel: Callable[[], bool] = lambda: False) -> "SceneFrames":
        """Return the driving frames, cropped, each with whether it shows a face.

        Args:
            cancel: once it returns True, a reading ends, but not before its first frame.
        """
        return SceneFrames(self, cancel)


@dataclass(frozen=True)
class SceneFrames:
    """The driving frames of a scene; each iteration is a fresh reading of the file."""

    scene: Scene
    cancel: Callable[[], bool]

    def __len__(self) -> int:
        """Return the number of frames that the file announces."""
        return self.scene.total

    def __iter__(self) -> Iterator[DrivingFrame]:
        scene = self.scene
        if isinstance(scene.driving, Motion):
            for index, frame in enumerate(islice(scene.driving.frames(), scene.total)):
                if index and self.cancel():
                    return
                yield frame
            return
        has_face = FacePresence(scene.detector.detect, expected=scene.face_expected)
        frames = read_frames(scene.driving, scene.limit, role="driving")
        for index, frame in enumerate(frames):
            if index and self.cancel():
                return
            square = scene.driving_crop.at(index)
            picture = square.apply(frame, NETWORK_SIDE)
            height, width = frame.shape[:2]
            shown = square.shown(height, width, NETWORK_SIDE)
            yield DrivingFrame(picture, has_face(picture, shown))


def open_scene(
    source: str | Path | np.ndarray,
    driving: str | Path | Clip | Motion,
    options: AnimateOptions,
    cancel: Callable[[], bool] | None = None,
    transparent: bool = False,
) -> Scene:
    """Read the portrait, find the faces, choose the squares.

    Args:
        source: picture file, or uint8 RGB (H, W, 3).
        driving: video file, a folder or pattern of pictures, a motion file, or frames or a motion
            that are not in a file.
        options: see :class:`AnimateOptions`.
        cancel: called at every frame that is read; the reading ends once it returns True.
        transparent: keep the alpha channel of the portrait file.

    Raises:
        InputError: a file that is missing or cannot be read, a face that is not there, or the
            reading was cancelled.
    """
    portrait = source if isinstance(source, np.ndarray) else read_image(source, role="source")
    check_sides(portrait.shape[:2], "source")
    opacity = None
    if transparent and not isinstance(source, np.ndarray):
        opacity = read_opacity(source, "source")
    given = driving if isinstance(driving, Clip | Motion) else Path(driving)
    if isinstance(given, Path) and is_motion(given):
        given = load_motion(given)
    if isinstance(given, Motion):
        return replace(_motion_scene(portrait, given, options), opacity=opacity)
    if isinstance(given, Path) and is_sequence(given):
        given = sequence(given, DEFAULT_FPS if options.fps is None else options.fps, "driving")
    elif options.fps is not None:
        raise InputError("fps: the driving clip has its own; give it only with pictures")
    video = probe(given, "driving", cancel)
    used = options.frames(video.frames, float(video.fps))
    detector = make_detector()

    def clip() -> Path | Clip | Iterator[np.ndarray]:
        whole = used == video.frames
        return given if whole else read_frames(given, used, "driving", cancel)

    (square, source_warning), (framed, driving_warning) = _chosen_face(
        options.face,
        lambda face: source_crop(portrait, _as_crop(options.source_crop), face, detector),
        lambda face: driving_crop(
            clip(), options.driving_crop, detector, face, info=video, cancel=cancel
        ),
    )
    return Scene(
        driving=given,
        options=options,
        portrait=portrait,
        source_crop=square,
        driving_crop=framed,
        video=video,
        detector=detector,
        face_expected=options.driving_crop != "none",
        warnings=[text for text in (source_warning, driving_warning) if text],
        opacity=opacity,
    )


def _motion_scene(portrait: np.ndarray, motion: Motion, options: AnimateOptions) -> Scene:
    """Return the scene of a portrait and a motion; ``face`` is one of the portrait."""
    motion.check(options)
    detector = make_detector()
    square, warning = source_crop(portrait, _as_crop(options.source_crop), options.face, detector)
    return Scene(
        driving=motion,
        options=options,
        portrait=portrait,
        source_crop=square,
        driving_crop=Crop(0, 0, NETWORK_SIDE),  # not used: there are no pictures
        video=motion.info,
        detector=detector,
        face_expected=True,
        warnings=[warning] if warning else [],
    )


def _as_crop(text: str) -> str | Crop:
    return text if text in ("auto", "none") else Crop(*map(int, text.split(",")))


def _chosen_face(face: int, *crops: Callable[[int], tuple]) -> list[tuple]:
    """Call each crop with ``face``; where a file shows too few faces, its largest is taken.

    Raises:
        InputError: none of them shows so many faces.
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
