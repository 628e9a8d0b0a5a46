"""Where the faces are: detectors behind one call, `detect(image) -> list[Box]`.

BlazeFace, whose weights come with this package, is the default. The others are there for those
who have them: the S3FD network of the face-alignment package, and dlib's.
"""

import importlib.util
import os
from typing import Protocol

import numpy as np

from ostnet.errors import InputError
from ostnet.media.box import Box

CHOICE = "OSTNET_FACE_DETECTOR"
"""Environment variable with the detector that "auto" stands for."""

PACKAGES = {"blazeface": "openvino", "face-alignment": "face_alignment", "dlib": "dlib"}
"""The detectors, the one that "auto" prefers first, and the module that each is run by."""


class Detector(Protocol):
    """Finds faces in a picture."""

    name: str
    most_samples: int
    """In how many frames of a clip to look, so that it takes seconds and not minutes."""

    def detect(self, image: np.ndarray) -> list[Box]:
        """Faces in a uint8 RGB picture (H, W, 3), largest first."""
        ...


def make_detector(name: str = "auto", device: str = "cpu") -> Detector:
    """The detector of that name, or with "auto" the first that is installed.

    Not safe to share between threads: make one for each.

    Args:
        name: "auto", "blazeface", "face-alignment" or "dlib". The environment variable
            OSTNET_FACE_DETECTOR says what "auto" is instead. face-alignment loads its weights from
            torch's cache or downloads them; where that fails, "auto" goes on to the next.
        device: where face-alignment's network runs.

    Raises:
        InputError: it is not installed, or its weights cannot be had.
        ValueError: there is no detector of that name.
    """
    if name == "auto":
        name = os.environ.get(CHOICE, name)
    if name not in ("auto", *PACKAGES):
        raise ValueError(f"detector is auto, {', '.join(PACKAGES)}, found {name!r}")
    for each in PACKAGES if name == "auto" else (name,):
        if importlib.util.find_spec(PACKAGES[each]) is not None:
            detector = _made(each, device)
            if detector is not None:
                return detector
    if name == "auto":
        raise InputError("face detector: none is installed; install the package openvino, "
                         "or switch the crops to none")  # fmt: skip
    raise InputError(f"face detector: the package of {name} or its weights cannot be had; "
                     "install it and allow its download, or choose auto")  # fmt: skip


def _made(name: str, device: str) -> Detector | None:
    """None where its weights cannot be had. Each is imported only when it is wanted."""
    if name == "blazeface":
        from ostnet.media.detector_blazeface import BlazeFaceDetector

        return BlazeFaceDetector()
    if name == "dlib":
        from ostnet.media.detector_dlib import DlibDetector

        return DlibDetector()
    from ostnet.media.detector_s3fd import S3fdDetector, weights_file

    weights = weights_file()
    return None if weights is None else S3fdDetector(weights, device)
