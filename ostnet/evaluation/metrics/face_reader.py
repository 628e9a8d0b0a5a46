"""What is read off the faces of a set of pictures: landmarks, pose, mouth, identity."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.embedders import Embedder
from ostnet.evaluation.metrics.gaze import gaze
from ostnet.evaluation.metrics.headpose import head_pose
from ostnet.evaluation.metrics.landmarkers import Landmarker


@dataclass
class Face:
    """One face that was found."""

    landmarks: np.ndarray
    """(68, 2) pixels."""
    pose: np.ndarray
    """(yaw, pitch, roll) in degrees."""
    embedding: np.ndarray | None = None
    """Identity vector, where it was asked for."""
    gaze: np.ndarray = field(default_factory=lambda: np.full(2, np.nan))
    """Irises beside the middle of their eyes, (x, y) in widths of an eye; NaN where unknown."""

    @property
    def mouth(self) -> float:
        """Opening of the mouth over the length of the nose."""
        return formulas.mouth_opening(self.landmarks)

    @property
    def eyelids(self) -> float:
        """Opening of the eyes: mean eye aspect ratio."""
        return formulas.eyelid_opening(self.landmarks)


class FaceReader:
    """Reads faces with one landmarker and one embedder; None stands for a face not found."""

    def __init__(self, landmarker: Landmarker, embedder: Embedder | None = None):
        self.landmarker, self.embedder = landmarker, embedder

    def read(self, images: Sequence[np.ndarray], identity: bool = False) -> list[Face | None]:
        """uint8 (H, W, 3) pictures -> their largest faces; with their embedding if asked for."""
        return [self._read(image, identity) for image in images]

    def _read(self, image: np.ndarray, identity: bool) -> Face | None:
        landmarks = self.landmarker.landmarks(image)
        if landmarks is None:
            return None
        pose = head_pose(landmarks, image.shape[0])
        face = Face(landmarks, pose, gaze=gaze(image, landmarks))
        if identity and self.embedder is not None:
            face.embedding = self.embedder.embed(image, landmarks)
        return face


def identity_of(face: Face | None) -> np.ndarray | None:
    """The face's identity vector; None where there is no face."""
    return face and face.embedding
