"""The S3FD face detector (arXiv 1708.05237) of the face-alignment package."""

import functools
import hashlib
import os
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

from ostnet.media.faces import Box, largest_first, resized

SIDE = 256
"""The picture is scaled to the area of a square of this side, in pixels."""

WEIGHTS_URL = "https://www.adrianbulat.com/downloads/python-fan/s3fd-619a316812.pth"
"""Its weights, 86 MB; their SHA-256 starts with the end of the name."""

CONNECT_SECONDS = 4
DOWNLOAD_SECONDS = 120
"""Timeouts of the connection and of the whole download, in seconds."""


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

    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(WEIGHTS_URL).name
    if not file.is_file():
        try:
            _download(WEIGHTS_URL, file)
        except OSError:
            return None
    return file


def _download(url: str, file: Path) -> None:
    """Download a file and check its SHA-256 against its name. Raises OSError."""
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
