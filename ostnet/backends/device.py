"""Choice of the device; torch is imported only where there may be a GPU."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ostnet.errors import InputError

if TYPE_CHECKING:
    import torch

DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""Device files of GPU drivers on Linux: NVIDIA's, WSL's, AMD's."""


def is_cpu(name: str) -> bool:
    """Return whether a device's name, which may be ``auto``, means the CPU."""
    return name == "cpu" or (name == "auto" and not has_cuda())


def has_cuda() -> bool:
    """Return whether ``auto`` is CUDA here.

    On ZeroGPU the package ``spaces`` patches torch to report a GPU although no driver is visible.
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
    """Return the named device; ``auto`` is CUDA where available, else the CPU.

    Raises:
        InputError: the device is not available.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if has_cuda() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"device: {name!r} cannot be used on this machine; use 'auto' or 'cpu'"
        ) from error
    return device
