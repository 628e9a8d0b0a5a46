"""Back ends: how the generator, which takes most of the time, is computed.

Keypoints, alignment and motion are always float32: bfloat16 would round a coordinate to 1/256 of
the picture. Only the generator's convolutions may run in bfloat16.
"""

from contextlib import AbstractContextManager

import torch

from ostnet.errors import InputError

BACKENDS = {
    "auto": "torch-bf16 where the device has bfloat16 arithmetic, else torch",
    "torch": "eager torch in float32",
    "torch-bf16": "eager torch, the generator in bfloat16; pixels differ by about 1/255",
}


def choose_backend(name: str, device: torch.device) -> str:
    """The back end that ``name`` stands for on this device: ``torch`` or ``torch-bf16``.

    Raises:
        InputError: an unknown name.
    """
    if name not in BACKENDS:
        raise InputError(f"backend: {name!r} does not exist; choose one of {', '.join(BACKENDS)}")
    if name != "auto":
        return name
    return "torch-bf16" if has_bfloat16(device) else "torch"


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively (CUDA from Ampere on, AVX-512 BF16, AMX)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


def generator_precision(backend: str, device: torch.device) -> AbstractContextManager:
    """Context in which the generator runs."""
    return torch.autocast(device.type, torch.bfloat16, enabled=backend == "torch-bf16")
