"""Which device to compute on; torch is asked only where there may be another than the CPU."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ostnet.errors import InputError

if TYPE_CHECKING:
    import torch

DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What a Linux with a GPU that torch calls CUDA has: NVIDIA's driver, Windows' own, AMD's."""


def is_cpu(name: str) -> bool:
    """Whether a device's name, ``auto`` among them, certainly means the CPU."""
    return name == "cpu" or (name == "auto" and not has_cuda())


def has_cuda() -> bool:
    """Return whether ``auto`` is CUDA here.

    A Space on ZeroGPU borrows its GPU call by call: torch, as the package ``spaces`` patches it,
    knows of it also where no driver can be seen.
    """
    borrowed = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
    has_driver = borrowed or any(Path(driver).exists() for driver in DRIVERS)
    if sys.platform == "linux" and not has_driver:
        return False
    if version("torch").endswith("+cpu"):
        return False
    import torch

    return torch.cuda.is_available()


def choose_device(name: str) -> "torch.device":
    """``auto`` -> CUDA where there is one, else the CPU; else the named device, if it is here.

    Raises:
        InputError: it is not.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if has_cuda() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f"device: {name!r} cannot be used here; use 'auto' or 'cpu'") from error
    return device
