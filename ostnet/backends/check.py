"""How far graphs are from eager float32, on one made-up pair of pictures."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.backends.graphed import Graphed
from ostnet.backends.tolerances import Differences
from ostnet.model.ostnet import OSTNet


@torch.inference_mode()
def differences(backend: Graphed, model: OSTNet) -> Differences:
    """Measure them; the model lies on the CPU."""
    image, driving = _pictures(model)
    source, theirs = model.encode(image), backend.encode(image.numpy())
    pixels, keypoints, scales = [], [], []
    for transform in (True, False):
        reading = model.read(source, driving, transform)
        found = backend.read(theirs, driving.numpy(), transform)
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


def _pictures(model: OSTNet) -> tuple[Tensor, Tensor]:
    """Two smooth pictures (1, 3, R, R), always the same."""
    side = model.config.resolution
    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    fine = F.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True).clamp(0, 1)
    return fine[:1], fine[1:]
