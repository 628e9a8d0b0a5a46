"""Differences of graphs from eager float32, and how large they may be."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from ostnet.backends.graphed import Graphed
    from ostnet.model.ostnet import OSTNet


@dataclass(frozen=True)
class Differences:
    """Largest and mean differences over all four variants."""

    pixel_max: float
    """Largest difference of a pixel of the result, in 1/255."""
    pixel_mean: float
    """Mean difference, in 1/255."""
    keypoints: float
    """Largest difference of a keypoint's coordinate, in [-1, 1] coordinates."""
    scale: float
    """Largest difference of the measured scale."""

    def to_dict(self) -> dict[str, float]:
        """Return plain JSON values."""
        return asdict(self)


TOLERANCES = {
    "f32": Differences(pixel_max=2.0, pixel_mean=0.25, keypoints=1e-3, scale=1e-3),
    "int8": Differences(pixel_max=48.0, pixel_mean=1.0, keypoints=1e-3, scale=1e-3),
    "bf16": Differences(pixel_max=48.0, pixel_mean=1.0, keypoints=1e-3, scale=1e-3),
}
"""Precision -> largest accepted differences.

With convolutions of dense motion in bf16 or int8, flows differ by a fraction of a pixel, which
shows at sharp edges, most of all in the synthetic pictures that are compared.
"""


def within(found: Differences, precision: str = "f32") -> bool:
    """Return whether all differences are within the tolerances; NaN is not."""
    pairs = zip(found.to_dict().values(), TOLERANCES[precision].to_dict().values(), strict=True)
    return all(value <= limit for value, limit in pairs)


def differences(backend: "Graphed", model: "OSTNet") -> Differences:
    """Measure a back end against its model, which is on the CPU, on one synthetic pair."""
    import torch

    pixels, keypoints, scales = [], [], []
    with torch.inference_mode():
        image, driving = _pictures(model.config.resolution)
        arrays: Any = image.numpy(), driving.numpy()
        source, theirs = model.encode(image), backend.encode(arrays[0])
        for transform in (True, False):
            reading = model.read(source, driving, transform)
            found = backend.read(theirs, arrays[1], transform)
            keypoints.append(found.x_rectified - reading.x_rectified.numpy())
            scales.append(found.alignment.scale - reading.alignment.scale.numpy())
            motion = model.move(source, reading.x_rectified)
            moved = backend.move(theirs, found.x_rectified)
            for z, code in ((reading.alignment.z, found.alignment.z), (None, None)):
                expected = model.paint(source, motion, z).image.numpy()
                pixels.append(255 * (backend.paint(theirs, moved, code).image - expected))
    pixels = np.abs(pixels)
    return Differences(
        pixel_max=float(pixels.max()),
        pixel_mean=float(pixels.mean()),
        keypoints=float(np.abs(keypoints).max()),
        scale=float(np.abs(scales).max()),
    )


def _pictures(side: int) -> "tuple[Tensor, Tensor]":
    """Return two smooth pictures (1, 3, side, side), always the same."""
    import torch
    import torch.nn.functional as F

    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    fine = F.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True).clamp(0, 1)
    return fine[:1], fine[1:]
