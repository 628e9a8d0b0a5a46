"""Motion files: the movement in a driving clip, without its pictures and its sound.

A motion file holds the keypoints of each driving frame as the detector found them, so it drives any
portrait. The scale is not stored: it depends on the portrait, and T_theta computes it from both
sets of keypoints. As the pictures are missing, keypoints are always rectified by arithmetic
(``rectify="points"``).

Format 1: safetensors with the metadata ``format`` (ostnet-motion), ``version``, ``fps`` (a
fraction) and ``detector`` (SHA-256 of the detector's weights), and for T frames and K keypoints:

* ``keypoints``, float32 (T, K, 2) in [-1, 1] of the driving square; 0 without a face;
* ``faces``, bool (T,): whether the frame shows a face;
* ``cuts``, bool (T,): whether a new shot starts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ostnet.animation.frame import DrivingFrame
from ostnet.animation.pose import CUT
from ostnet.animation.presence import AbruptChange
from ostnet.errors import InputError
from ostnet.files import write_atomically
from ostnet.media.video import Clip, VideoInfo
from ostnet.options import AnimateOptions

if TYPE_CHECKING:
    from ostnet.animation.pipeline import Pipeline
    from ostnet.animation.scene import Scene

SUFFIX = ".motion.safetensors"
"""Usual end of the name; any safetensors file is read as one."""
FORMAT, VERSION = "ostnet-motion", "1"
MOST_MB = 64
"""Largest file, in megabytes: about 74 minutes of 30 keypoints at 60 frames per second."""
MOST_HEADER = 100_000
"""Largest header in bytes; one of 10 MB would take seconds to parse."""
FIXED = ("driving_zoom", "driving_crop")
"""Options that are fixed when the file is made."""

_TYPES = {"keypoints": "F32", "faces": "BOOL", "cuts": "BOOL"}
_SIDE = 256  # nominal, of pictures that are not there
_NO_PICTURE = np.zeros((1, 1, 3), np.uint8)
_NO_PORTRAIT = np.zeros((_SIDE, _SIDE, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class Motion:
    """The content of a motion file; see the module for shapes and ranges."""

    fps: Fraction
    detector: str
    """See :func:`ostnet.backends.digest.detector_digest`."""
    keypoints: np.ndarray
    faces: np.ndarray
    cuts: np.ndarray

    @property
    def info(self) -> VideoInfo:
        """Return rate and number of frames; there is no sound."""
        count = len(self.keypoints)
        return VideoInfo(_SIDE, _SIDE, self.fps, count, float(count / self.fps), None)

    def frames(self) -> Iterator[DrivingFrame]:
        """Yield the driving frames, without pictures."""
        for points, face, cut in zip(self.keypoints, self.faces, self.cuts, strict=True):
            yield DrivingFrame(_NO_PICTURE, bool(face), points, bool(cut))

    def check(self, options: AnimateOptions) -> None:
        """Check that no option asks for what was fixed when the file was made.

        Raises:
            InputError: one does.
        """
        for name in (*FIXED, "fps"):
            if getattr(options, name) != getattr(AnimateOptions, name):
                shown = name.replace("_", "-")
                raise InputError(
                    f"{shown}: a motion file cannot change it; give it to ostnet motion instead"
                )

    def check_detector(self, detector: str) -> None:
        """Check that the keypoints mean the same to a network with this detector.

        Raises:
            InputError: another detector found them.
        """
        if detector != self.detector:
            raise InputError(
                "driving: the motion file's keypoints are of another detector than that of these "
                "weights; make it again from the clip, with the same --checkpoint"
            )

    def save(self, path: Path) -> None:
        """Write the file."""
        arrays = {"keypoints": self.keypoints, "faces": self.faces, "cuts": self.cuts}
        about = {
            "format": FORMAT,
            "version": VERSION,
            "fps": f"{self.fps.numerator}/{self.fps.denominator}",
            "detector": self.detector,
        }
        write_atomically(path, lambda partial: save_file(arrays, str(partial), about))


class Recording:
    """Collects the motion of a driving clip, one frame at a time.

    Args:
        fps: frames per second.
        detector: of the network that finds the keypoints, see :class:`Motion`.
    """

    def __init__(self, fps: Fraction, detector: str):
        self.fps, self.detector = fps, detector
        self._starts = AbruptChange(CUT)
        self._points: list[np.ndarray] = []
        self._faces: list[bool] = []
        self._cuts: list[bool] = []

    def add(self, picture: np.ndarray, keypoints: np.ndarray, face: bool) -> None:
        """Add a frame, uint8 RGB (H, W, 3), and its keypoints (K, 2); 0 is stored without a face.

        New shots are found in the pictures.
        """
        self._cuts.append(self._starts(picture))
        self._points.append(keypoints if face else np.zeros_like(keypoints))
        self._faces.append(face)

    @property
    def motion(self) -> Motion:
        """The motion of the frames so far, at least one."""
        return Motion(
            fps=self.fps,
            detector=self.detector,
            keypoints=np.stack(self._points).astype(np.float32),
            faces=np.array(self._faces),
            cuts=np.array(self._cuts),
        )


def is_motion(path: Path) -> bool:
    """Return whether a path names a motion file."""
    return path.name.lower().endswith(".safetensors")


def record(
    pipeline: "Pipeline", driving: str | Path | Clip, options: AnimateOptions | None = None
) -> Motion:
    """Return the motion of a driving clip.

    Args:
        pipeline: its detector finds the keypoints.
        driving: video file, a folder or pattern of pictures, or frames that are not in a file.
        options: square, face, zoom, rate and length of the clip; others are not used.

    Raises:
        InputError: a clip that cannot be read, or without a face.
    """
    if not isinstance(driving, Clip) and is_motion(Path(driving)):
        raise InputError("driving: it is a motion file already; give a clip")
    options = replace(options or AnimateOptions(), source_crop="none", size=None, faces=None)
    scene = cast("Scene", pipeline.open(_NO_PORTRAIT, driving, options))
    animator = pipeline.animator(scene.framed)
    recording = Recording(scene.video.fps, pipeline.detector)
    for frame in scene.frames():
        found = animator.keypoints(frame.picture, options.driving_zoom)
        recording.add(frame.picture, found, frame.face)
    return recording.motion


def load_motion(path: Path) -> Motion:
    """Read a motion file.

    Raises:
        InputError: the file is missing, too large, unreadable, of another format or version, or a
            tensor is missing or has a wrong type, shape or value.
    """
    try:
        about, arrays = _read(path)
    except (SafetensorError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"driving: {path.name!r} is not a readable motion file ({reason}); make it again"
        ) from error
    return Motion(fps=Fraction(about["fps"]), detector=about["detector"], **arrays)


def _read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Return metadata and tensors, checked; everything but values before it takes memory."""
    if path.stat().st_size > MOST_MB * 1_000_000:
        raise ValueError(f"larger than {MOST_MB} MB")
    with path.open("rb") as start:
        if int.from_bytes(start.read(8), "little") > MOST_HEADER:
            raise ValueError(f"its header is larger than {MOST_HEADER} bytes")
    with safe_open(str(path), framework="np") as file:
        about = file.metadata() or {}
        if about.get("format") != FORMAT:
            raise ValueError(f"found format {about.get('format')!r:.40}, expected {FORMAT!r}")
        if about.get("version") != VERSION:
            raise ValueError(f"found version {about.get('version')!r:.40}, expected {VERSION!r}")
        _check_about(about)
        slices = {name: file.get_slice(name) for name in file.keys()}
        if slices.keys() != _TYPES.keys():
            raise ValueError(f"expected the tensors {', '.join(_TYPES)}")
        types = {name: one.get_dtype() for name, one in slices.items()}
        if types != _TYPES:
            raise ValueError(f"found types {types}, expected {_TYPES}")
        shapes = {name: tuple(one.get_shape()) for name, one in slices.items()}
        frames, *rest = shapes["keypoints"] or (0,)
        if len(rest) != 2 or rest[1] != 2 or 0 in (frames, rest[0]):
            raise ValueError(f"keypoints have shape {shapes['keypoints']}, expected (T, K, 2)")
        if shapes["faces"] != (frames,) or shapes["cuts"] != (frames,):
            raise ValueError(f"faces and cuts must have shape ({frames},)")
        arrays = {name: file.get_tensor(name) for name in _TYPES}
    if not (np.abs(arrays["keypoints"]) <= 1.001).all():  # False for NaN too
        raise ValueError("keypoints must be finite and from -1 to 1")
    return about, arrays


def _check_about(about: dict[str, str]) -> None:
    if not re.fullmatch(r"[1-9]\d{0,8}/[1-9]\d{0,8}", about.get("fps", "")):
        raise ValueError("fps must be a fraction above 0, such as 30000/1001")
    if not 1 <= Fraction(about["fps"]) <= 1000:
        raise ValueError("fps must be from 1 to 1000")
    if not re.fullmatch(r"[0-9a-f]{64}", about.get("detector", "")):
        raise ValueError("detector must be a SHA-256")
