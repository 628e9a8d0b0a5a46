"""Where the faces are.

Two detectors behind one call, `detect(image) -> list[Box]`: the S3FD network of the
face-alignment package (arXiv 1708.05237) where its weights can be had, and otherwise dlib's HOG
detector, whose weights come in its wheel. `detector.name` says which.
"""

import functools
import hashlib
import importlib.util
import math
import os
import tempfile
import time
import urllib.request
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ostnet.errors import InputError

CHOICE = "OSTNET_FACE_DETECTOR"
"""Environment variable with the detector that "auto" stands for."""

NETWORK_SIDE = 256
"""S3FD sees the picture brought to the area of a square of this side, in pixels."""

HOG_SIDES = (480, 438)
"""The same for dlib, which steps through sizes by a fifth: the mean of two looks is steadier."""

HOG_DISTANT_SIDES = (1000,)
"""And for its slower second look, for small faces."""

HOG_SURE_SIDE = 110
"""Pixels of the largest face in dlib's first look (it sees from 80) that make a second needless."""

LEAST_SCORE = 0.2
"""dlib's score under which a detection is more likely a false one (true frontal ones: 1 to 2)."""

FOREHEAD = 0.08
"""dlib's box runs from the brows to the chin; S3FD's from the forehead. Share of height added."""

WEIGHTS_URL = "https://www.adrianbulat.com/downloads/python-fan/s3fd-619a316812.pth"
"""S3FD's weights, 86 MB; the name holds the start of their SHA-256."""

CONNECT_SECONDS = 4
DOWNLOAD_SECONDS = 120
"""How long a download may take to answer, and in all, before dlib is used instead."""


@dataclass(frozen=True)
class Box:
    """A face from forehead to chin, in pixels of the picture it was found in."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def side(self) -> float:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class Detector(Protocol):
    """Finds faces in a picture."""

    name: str
    most_samples: int
    """In how many frames of a clip to look, so that it takes seconds and not minutes."""

    def detect(self, image: np.ndarray) -> list[Box]:
        """Faces in a uint8 RGB picture (H, W, 3), largest first."""


def make_detector(name: str = "auto", device: str = "cpu") -> Detector:
    """The detector of that name: "face-alignment", "dlib", or "auto" for the first to be had.

    face-alignment loads its weights from torch's cache or downloads them; where that fails or
    takes too long, "auto" falls back to dlib. The environment variable OSTNET_FACE_DETECTOR says
    what "auto" is instead. `device` is where its network runs. Not safe to share between threads:
    make one for each.
    """
    if name == "auto":
        name = os.environ.get(CHOICE, name)
    if name not in ("auto", "face-alignment", "dlib"):
        raise ValueError(f"detector is auto, face-alignment or dlib, found {name!r}")
    if name != "dlib" and importlib.util.find_spec("face_alignment") is not None:
        weights = _s3fd_weights()
        if weights is not None:
            return S3fdDetector(weights, device)
    if name == "face-alignment":
        raise InputError("face detector: the face-alignment package or its weights cannot be had; "
                         "install it and allow its download, or choose dlib")  # fmt: skip
    if importlib.util.find_spec("dlib") is None:
        raise InputError("face detector: none is installed; install the package dlib-bin, "
                         "or switch the crops to none")  # fmt: skip
    return DlibDetector()


class DlibDetector:
    """dlib's frontal face detector (histogram of oriented gradients), on small grey copies.

    Sees faces of a sixth of a square picture's side; where it finds none, or only small ones,
    it looks again at a larger copy, for faces down to a twelfth. Profiles are often missed.
    """

    name = "dlib"
    most_samples = 60

    def __init__(self):
        import dlib

        self._detector = dlib.get_frontal_face_detector()

    def detect(self, image: np.ndarray) -> list[Box]:
        """Faces in a uint8 RGB picture (H, W, 3), largest first."""
        found, largest = [], 0.0
        for side in HOG_SIDES:
            boxes, ratio = self._look(image, side)
            found += boxes
            largest = max([largest, *(ratio * box.side for box in boxes)])
        if largest < HOG_SURE_SIDE:
            for side in HOG_DISTANT_SIDES:
                found += self._look(image, side)[0]
        return _largest_first(_merged(found))

    def _look(self, image: np.ndarray, side: int) -> tuple[list[Box], float]:
        """Faces in a copy of the area of a square of that side, and the copy's scale."""
        small, ratio = _resized(image, side, "L")
        found, scores, _ = self._detector.run(small, 0)
        boxes = []
        for face, score in zip(found, scores, strict=True):
            if score >= LEAST_SCORE:
                top = face.top() - FOREHEAD * face.height()
                edges = (face.left(), top, face.right() + 1, face.bottom() + 1)
                boxes.append(Box(*(float(edge / ratio) for edge in edges)))
        return boxes, ratio


class S3fdDetector:
    """The S3FD network of the face-alignment package; its landmark network is not loaded."""

    name = "face-alignment"

    def __init__(self, weights: Path, device: str = "cpu"):
        from face_alignment.detection.sfd import FaceDetector

        self._detector = FaceDetector(device=device, path_to_detector=str(weights))
        self.most_samples = 20 if device == "cpu" else 60

    def detect(self, image: np.ndarray) -> list[Box]:
        """Faces in a uint8 RGB picture (H, W, 3), largest first."""
        small, ratio = _resized(image, NETWORK_SIDE, "RGB")
        found = self._detector.detect_from_image(small)
        return _largest_first([Box(*(float(edge / ratio) for edge in row[:4])) for row in found])


def _merged(boxes: list[Box]) -> list[Box]:
    """The mean box of each group whose centres lie within half a face."""
    groups: list[list[Box]] = []
    for box in boxes:
        for group in groups:
            if math.dist(box.centre, group[0].centre) < 0.5 * group[0].side:
                group.append(box)
                break
        else:
            groups.append([box])
    return [Box(*np.mean([astuple(box) for box in group], axis=0).tolist()) for group in groups]


def _largest_first(boxes: list[Box]) -> list[Box]:
    return sorted(boxes, key=lambda box: box.width * box.height, reverse=True)


def _resized(image: np.ndarray, side: int, mode: str) -> tuple[np.ndarray, float]:
    """The picture scaled to the area of a square of that side, and the factor that did it."""
    from PIL import Image

    height, width = image.shape[:2]
    ratio = side / math.sqrt(height * width)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = Image.fromarray(image).convert(mode).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small), ratio


@functools.cache
def _s3fd_weights() -> Path | None:
    """The weights file where face-alignment too would keep it; downloaded if it is not there.

    None where it cannot be had; asked once in the life of a program.
    """
    import torch

    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(WEIGHTS_URL).name
    if not file.is_file():
        try:
            _download(WEIGHTS_URL, file)
        except OSError:
            return None
    return file


def _download(url: str, file: Path) -> None:
    """Fetch a file whose name ends in the start of its SHA-256; OSError where that fails."""
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    digest = hashlib.sha256()
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=file.parent) as folder:
        part = Path(folder) / file.name
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer, part.open("wb") as out:
            while block := answer.read(1 << 20):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{url}: slower than {DOWNLOAD_SECONDS} seconds")
                digest.update(block)
                out.write(block)
        if not digest.hexdigest().startswith(file.stem.split("-")[-1]):
            raise OSError(f"{url}: not the expected content")
        os.replace(part, file)
