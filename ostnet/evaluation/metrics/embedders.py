"""Identity embedders behind one interface: ``name``, ``key`` and ``embed(image, landmarks)``.

Values of different embedders do not compare, so metric names carry the embedder's ``key``:
``csim_dlib`` and ``csim_arcface`` are two metrics.
"""

from typing import Protocol

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.metrics import dlib_models


class Embedder(Protocol):
    """Turns a face into a vector that says who it is."""

    name: str
    """Back end and version, as reports print it."""

    key: str
    """Suffix of the metric names, such as dlib."""

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """uint8 RGB (H, W, 3) and its 68 landmarks in pixels -> (D,) float embedding."""


class DlibEmbedder:
    """dlib's 128-d ResNet embedding of the face chip aligned by 68 landmarks."""

    key = "dlib"

    def __init__(self):
        self._dlib, models = dlib_models.load()
        self.name = f"dlib ResNet 128-d ({dlib_models.describe()})"
        self._network = self._dlib.face_recognition_model_v1(
            models.face_recognition_model_location()
        )

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        points = [self._dlib.point(*xy) for xy in np.rint(landmarks).astype(int).tolist()]
        corners = [*landmarks.min(axis=0), *landmarks.max(axis=0)]
        box = self._dlib.rectangle(*(round(float(value)) for value in corners))
        shape = self._dlib.full_object_detection(box, self._dlib.points(points))
        image = np.ascontiguousarray(image)
        return np.array(self._network.compute_face_descriptor(image, shape))


def make_embedder(name: str = "dlib") -> Embedder:
    """Embedder called ``dlib``. Raises InputError for any other name."""
    if name == "dlib":
        return DlibEmbedder()
    raise InputError(f"embedder: {name!r} is unknown; choose dlib")
