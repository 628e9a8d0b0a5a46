"""ArcFace embeddings (arXiv 1801.07698) from an ONNX file that the user has.

Such as insightface's ``w600k_r50.onnx`` (of its package buffalo_l), which this package does not
carry. OpenCV runs it. Tried on a network of that one's layers (IResNet-50) with random weights; the
published files themselves could not be tried.
"""

from pathlib import Path

import cv2
import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.metrics.network_files import digest, existing_file

SIDE = 112
"""Side of the aligned face, in pixels."""

TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""Where insightface puts the left and right eye, the nose's tip and the corners of the mouth."""


class ArcFaceEmbedder:
    """Identity embedding of the face aligned by five points; ``embed`` as of any embedder."""

    key = "arcface"

    def __init__(self, path: Path):
        """path: ONNX network of one input (1, 3, 112, 112) and one output (1, D)."""
        existing_file(path, "arcface", "an ONNX file such as w600k_r50.onnx")
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            raise InputError(
                f"arcface: OpenCV cannot read {path}; give an ONNX file such as w600k_r50.onnx"
            ) from error
        self.name = f"ArcFace {path.name} ({digest([path])}, OpenCV {cv2.__version__})"

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """uint8 RGB (H, W, 3) and its 68 landmarks in pixels -> (D,) embedding."""
        face = aligned(image, five_points(landmarks))
        self._network.setInput(cv2.dnn.blobFromImage(face, 1 / 127.5, mean=(127.5,) * 3))
        return self._network.forward().reshape(-1).astype(np.float64)


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """(68, 2) landmarks -> (5, 2): the eyes' centres, the nose's tip, the corners of the mouth."""
    eyes = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    return np.stack([*eyes, landmarks[30], landmarks[48], landmarks[54]])


def aligned(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) and five points (5, 2) -> the face at 112 x 112, black where it ends."""
    return cv2.warpAffine(np.ascontiguousarray(image), similarity(points, TEMPLATE), (SIDE, SIDE))


def similarity(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(N, 2), (N, 2) -> (2, 3) turn, scale and shift that bring the points nearest the target.

    Least squares in the complex plane: w = a z + b.
    """
    z, w = points @ [1, 1j], target @ [1, 1j]
    centred = z - z.mean()
    a = (centred.conj() @ w) / (np.abs(centred) ** 2).sum()
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
