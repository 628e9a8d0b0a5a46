"""Frechet inception distance (arXiv 1706.08500) with clean-fid's resizing (arXiv 2104.11222).

The network is NVIDIA's TorchScript export ``inception-2015-12-05.pt``, which this package does not
carry. It takes pictures with values from 0 to 255 and, at 299 x 299, resizes nothing itself.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ostnet.errors import InputError
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.evaluation.metrics.network_files import digest, existing_file

SIDE = 299
"""Side of the pictures that Inception sees."""

REFERENCE = "reference"
"""Label, beside the methods', of the features that every method is held against."""


class FidNetwork:
    """Reads 2048 features off every frame; the distance is taken over all frames at the end."""

    kind = "fid"

    def __init__(self, path: Path, device: str = "cpu"):
        """path: TorchScript module, called with ``return_features=True``."""
        existing_file(path, "fid_network", "inception-2015-12-05.pt")
        try:
            self._network = torch.jit.load(str(path), map_location=device).eval()
        except RuntimeError as error:
            raise InputError(
                f"fid_network: {path} is no TorchScript file; give inception-2015-12-05.pt"
            ) from error
        self._device = device
        self.name = f"{path.name} ({digest([path])}), clean-fid's resizing"

    @torch.inference_mode()
    def read(self, images: Sequence[np.ndarray], faces: Sequence[Face | None]) -> list[np.ndarray]:
        """uint8 (H, W, 3) pictures -> float32 (2048,) features of each."""
        batch = torch.from_numpy(np.stack([resize(image) for image in images]))
        batch = batch.permute(0, 3, 1, 2).contiguous().to(self._device)  # (N, 3, 299, 299)
        features = self._network(batch, return_features=True)
        return list(features.flatten(1).float().cpu().numpy())

    def columns(self, output, source, driver) -> Record:
        """Nothing: the distance is no property of one frame."""
        return {}


def resize(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> float32 (299, 299, 3) in 0..255: bicubic by Pillow, channel by channel.

    Pillow widens the filter where it shrinks, and no channel is rounded to whole numbers.
    """
    channels = [
        Image.fromarray(channel.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        for channel in np.moveaxis(image, 2, 0)
    ]
    return np.stack(channels, axis=2).clip(0, 255)


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """(N, D) and (M, D) features -> |mean difference|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)).

    With S = R'R, the eigenvalues of S_a S_b are the squared singular values of R_a R_b', so their
    roots need no matrix root, stay real, and few frames cost little.
    """
    roots = [_covariance_root(features.astype(np.float64)) for features in (a, b)]
    cross = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    means = a.mean(axis=0, dtype=np.float64) - b.mean(axis=0, dtype=np.float64)
    return float(means @ means + sum((root**2).sum() for root in roots) - 2 * cross)


def _covariance_root(features: np.ndarray) -> np.ndarray:
    """(N, D) -> R (min(N, D), D) with R'R the features' covariance (N - 1 in the denominator)."""
    centred = features - features.mean(axis=0)
    return np.linalg.qr(centred / np.sqrt(len(features) - 1), mode="r")
