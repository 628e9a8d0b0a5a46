"""Choosing a back end by name."""

import tempfile
import warnings
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ostnet.backends.check import Differences, differences, within
from ostnet.backends.eager import Eager
from ostnet.backends.interface import Backend
from ostnet.backends.manifest import Manifest
from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet

if TYPE_CHECKING:
    from ostnet.backends.graphed import Graphed

BACKENDS = {
    "auto": "the first of these that is fast here and agrees with torch on a trial frame: "
    "openvino-bf16, openvino, torch-bf16, torch",
    "torch": "eager torch in float32: the reference",
    "torch-bf16": "eager torch, the generator in bfloat16; pixels differ by about 1/255",
    "openvino": "OpenVINO in float32, on CPUs; graphs are built at first use and kept",
    "openvino-bf16": "the same, the generator in bfloat16; pixels differ by less than 1/255",
}


def candidates(name: str, device: torch.device) -> list[str]:
    """The back ends that ``name`` may stand for on this device, best first.

    Raises:
        InputError: an unknown name, or a back end that this device or installation lacks.
    """
    if name not in BACKENDS:
        raise InputError(f"backend: {name!r} does not exist; choose one of {', '.join(BACKENDS)}")
    here = usable(device)
    if name == "auto":
        return here
    if name not in here and name.startswith("openvino"):
        if device.type != "cpu":
            raise InputError(f"backend: {name} runs on cpu, not {device.type}; use device cpu")
        reason = "is not installed" if not _has_openvino() else "needs a CPU with bfloat16"
        raise InputError(f"backend: {name} {reason}; use another, or 'auto'")
    return [name]


def usable(device: torch.device) -> list[str]:
    """All back ends that run well on this device, fastest first."""
    names = ["torch-bf16", "torch"] if has_bfloat16(device) else ["torch"]
    if device.type == "cpu" and _has_openvino():
        from ostnet.backends.openvino import has_bfloat16 as openvino_has_bfloat16

        names.insert(0, "openvino")
        if openvino_has_bfloat16():
            names.insert(0, "openvino-bf16")
    return names


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively (CUDA from Ampere on, AVX-512 BF16, AMX)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


def load_backend(model: OSTNet, name: str, device: torch.device) -> Backend:
    """The back end for a model that lies on the device already, in evaluation mode.

    ``auto`` passes over one that fails or that differs too much, with a warning.

    Raises:
        InputError: the named one does not exist, or does not work here.
    """
    wanted = candidates(name, device)
    for one in wanted:
        if one.startswith("torch"):
            return Eager(model, device, bfloat16=one == "torch-bf16")
        try:
            return _openvino(model, one)
        except Exception as error:  # whatever another library finds wrong, torch still works
            reason = f"{one} cannot be used ({str(error).splitlines()[0]})"
            if name != "auto":
                raise InputError(f"backend: {reason}; use 'auto' or 'torch'") from error
            warnings.warn(f"{reason}; trying the next", stacklevel=2)
    raise AssertionError("torch is always among them")


def _openvino(model: OSTNet, name: str) -> "Graphed":
    from ostnet.backends.cache import cached
    from ostnet.backends.digest import code_digest, combined, model_digest
    from ostnet.backends.openvino import machine
    from ostnet.backends.openvino_build import build

    threads = torch.get_num_threads()

    def build_and_check(folder: Path) -> Manifest:
        manifest = build(model, folder, "bf16" if name.endswith("bf16") else "f32")
        found = differences(_compiled(name, folder, threads), model)
        manifest = replace(manifest, differences=found.to_dict())
        manifest.write(folder)
        return manifest

    key = combined(name, model_digest(model), code_digest(), machine(), torch.__version__)
    try:
        folder, _ = cached(key, build_and_check)
        backend = _kept(name, folder, threads)
    except OSError:  # nowhere to keep them
        with tempfile.TemporaryDirectory() as place:
            build_and_check(Path(place))
            backend = _compiled(name, Path(place), threads)
    found = Differences(**backend.manifest.differences)
    if not within(found):
        raise ValueError(f"it differs from torch by {found.pixel_max:.1f}/255")
    return backend


def _compiled(name: str, folder: Path, threads: int) -> "Graphed":
    from ostnet.backends.graphed import Graphed
    from ostnet.backends.openvino import Graphs

    manifest = Manifest.read(folder)
    return Graphed(name, manifest, Graphs(folder, manifest, threads))


_kept = lru_cache(maxsize=2)(_compiled)
"""Animators of the same network share its compiled graphs; the folder's name tells networks apart.
"""


def _has_openvino() -> bool:
    return find_spec("openvino") is not None
