"""How far a back end is from eager float32, on one made-up pair of pictures."""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.backends.interface import Backend
from ostnet.model.ostnet import OSTNet


@dataclass(frozen=True)
class Differences:
    """Of a back end to the model itself, over all four variants."""

    pixel_max: float
    """Largest difference of a pixel of the result, in 1/255."""
    pixel_mean: float
    """Mean difference, in 1/255."""
    keypoints: float
    """Largest difference of a keypoint's coordinate, in [-1, 1] coordinates."""
    scale: float
    """Largest difference of the measured scale."""

    def to_dict(self) -> dict[str, float]:
        """As plain JSON values."""
        return asdict(self)


LIMITS = Differences(pixel_max=2.0, pixel_mean=0.25, keypoints=1e-3, scale=1e-3)
"""What a back end may differ by: less than can be seen, and motion that is the same."""


@torch.inference_mode()
def differences(backend: Backend, model: OSTNet) -> Differences:
    """Measure them, where the model lies."""
    image, driving = _pictures(model)
    source, theirs = model.encode(image), backend.encode(image)
    pixels, keypoints, scales = [], [], []
    for transform in (True, False):
        reading = model.read(source, driving, transform)
        found = backend.read(theirs, driving, transform)
        keypoints.append(found.x_rectified - reading.x_rectified)
        scales.append(found.alignment.scale - reading.alignment.scale)
        motion = model.move(source, reading.x_rectified)
        moved = backend.move(theirs, found.x_rectified)
        for z, code in ((reading.alignment.z, found.alignment.z), (None, None)):
            expected = model.paint(source, motion, z).image
            pixels.append(255 * (backend.paint(theirs, moved, code).image - expected))
    pixels = torch.stack(pixels).abs()
    return Differences(
        pixel_max=float(pixels.max()),
        pixel_mean=float(pixels.mean()),
        keypoints=float(torch.stack(keypoints).abs().max()),
        scale=float(torch.stack(scales).abs().max()),
    )


def within(found: Differences, limits: Differences = LIMITS) -> bool:
    """Whether no difference is above its limit (nor no number at all)."""
    pairs = zip(found.to_dict().values(), limits.to_dict().values(), strict=True)
    return all(value <= limit for value, limit in pairs)


def _pictures(model: OSTNet) -> tuple[Tensor, Tensor]:
    """Two smooth pictures (1, 3, R, R), always the same."""
    side, device = model.config.resolution, next(model.parameters()).device
    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    fine = F.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True).clamp(0, 1)
    return fine[:1].to(device), fine[1:].to(device)
