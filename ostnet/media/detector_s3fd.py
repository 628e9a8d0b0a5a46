"""The S3FD face detector (arXiv 1708.05237) of the face-alignment package."""

import functools
import hashlib
from pathlib import Path

import numpy as np

from ostnet.files import download
from ostnet.media.faces import Box, largest_first, resized

SIDE = 256
"""The picture is scaled to the area of a square of this side, in pixels."""

WEIGHTS_URL = "https://www.adrianbulat.com/downloads/python-fan/s3fd-619a316812.pth"
"""Its weights, 86 MB; their SHA-256 starts with the end of the name."""

TIMEOUT = 4.0
"""Timeout of the download in seconds without an answer."""


class S3fdDetector:
    """The S3FD network of the face-alignment package; its landmark network is not loaded."""

    name = "face-alignment"

    def __init__(self, weights: Path, device: str = "cpu"):
        from face_alignment.detection.sfd import FaceDetector

        self._detector = FaceDetector(device=device, path_to_detector=str(weights))
        self.most_samples = 20 if device == "cpu" else 60

    def detect(self, image: np.ndarray) -> list[Box]:
        """Find faces in a uint8 RGB picture (H, W, 3), largest first."""
        small, ratio = resized(image, SIDE, "RGB")
        found = self._detector.detect_from_image(small)
        return largest_first([Box(*(float(edge / ratio) for edge in row[:4])) for row in found])


@functools.cache
def weights_file() -> Path | None:
    """Return the weights file in torch's cache, downloaded if missing; None where that fails."""
    import torch

    def has_digest(content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest().startswith(WEIGHTS_URL[-14:-4])

    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(WEIGHTS_URL).name
    if not file.is_file():
        try:
            download(WEIGHTS_URL, file, has_digest, TIMEOUT)
        except OSError:
            return None
    return file
