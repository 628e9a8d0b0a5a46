"""LPIPS with AlexNet, version 0.1 (arXiv 1801.03924), from weights that the user has.

The weights are two published files, which this package does not carry and cannot replace:
``alexnet-owt-7be5be79.pth`` (torchvision's AlexNet) and ``alex.pth`` (the linear layers, of the
package lpips). Without them the metric is unavailable.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ostnet.errors import InputError
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.evaluation.metrics.network_files import digest, read_tensors

BACKBONE, LINEAR = "alexnet-owt-7be5be79.pth", "alex.pth"

_CONVOLUTIONS = ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1))
"""Of each convolution: its number in torchvision's ``features``, stride, padding."""

_POOLED = (1, 2)
"""Convolutions with a 3 x 3 max pooling of stride 2 before them."""

_SHIFT = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
_SCALE = torch.tensor([0.458, 0.448, 0.450])[:, None, None]


class Lpips:
    """Learned perceptual distance of two pictures; 0 for equal ones."""

    kind = "lpips"

    def __init__(self, weights: Path, device: str = "cpu"):
        """weights: folder with ``alexnet-owt-7be5be79.pth`` and ``alex.pth``."""
        files = [weights / file for file in (BACKBONE, LINEAR)]
        what = f"a folder with {BACKBONE} and {LINEAR}"
        backbone, linear = (read_tensors(file, "lpips_weights", what, device) for file in files)
        self._device = device
        try:
            self._kernels = [backbone[f"features.{n}.weight"] for n, _, _ in _CONVOLUTIONS]
            self._biases = [backbone[f"features.{n}.bias"] for n, _, _ in _CONVOLUTIONS]
            self._linear = [linear[f"lin{level}.model.1.weight"] for level in range(5)]
        except KeyError as error:
            raise InputError(
                f"lpips_weights: {error.args[0]} is missing; give the files as published"
            ) from error

        self.name = f"LPIPS 0.1, AlexNet of torchvision ({digest(files)})"

    @torch.inference_mode()
    def read(
        self, images: Sequence[np.ndarray], faces: Sequence[Face | None]
    ) -> list[Sequence[Tensor]]:
        """uint8 pictures (H, W, 3) -> activations of each; fed in [-1, 1] as the paper does."""
        return [self._activations(_to_input(image).to(self._device)) for image in images]

    @torch.inference_mode()
    def columns(
        self, output: Sequence[Tensor], source: Sequence[Tensor], driver: Sequence[Tensor]
    ) -> Record:
        """lpips of one frame against the ground truth."""
        distance = 0.0
        for x, y, weight in zip(output, driver, self._linear, strict=True):
            distance += float(F.conv2d((x - y).square(), weight).mean())
        return {"lpips": distance}

    def _activations(self, image: Tensor) -> Sequence[Tensor]:
        """After each of the five ReLUs, of unit length along the channels: (1, C, h, w) each."""
        activations = []
        layers = zip(_CONVOLUTIONS, self._kernels, self._biases, strict=True)
        for level, ((_, stride, padding), kernel, bias) in enumerate(layers):
            if level in _POOLED:
                image = F.max_pool2d(image, 3, 2)
            image = F.relu(F.conv2d(image, kernel, bias, stride, padding))
            activations.append(unit_length(image))
        return activations


def _to_input(image: np.ndarray) -> Tensor:
    """uint8 (H, W, 3) -> (1, 3, H, W), normalised as LPIPS does."""
    tensor = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float()
    return ((tensor / 127.5 - 1 - _SHIFT) / _SCALE)[None]


def unit_length(features: Tensor) -> Tensor:
    """Unit length along the channels at every place."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
