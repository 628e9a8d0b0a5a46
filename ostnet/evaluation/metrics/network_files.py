"""Weight files that the user gives: found, and named by their content."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ostnet.errors import InputError


def existing_file(path: Path, option: str, what: str) -> Path:
    """The path itself; raises InputError, naming the option, where no file is there."""
    if not path.is_file():
        raise InputError(f"{option}: {path} is no file; give {what}")
    return path


def read_tensors(path: Path, option: str, what: str, device: str = "cpu") -> dict[str, Tensor]:
    """Tensors by name; raises InputError, naming the option, for anything but a file of them."""
    existing_file(path, option, what)
    try:
        tensors = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # what torch.load raises depends on the first bytes of the file
        raise InputError(f"{option}: {path} holds no weights; give {what}") from error
    if not isinstance(tensors, dict):
        raise InputError(f"{option}: {path} holds a {type(tensors).__name__}; give {what}")
    return tensors


def digest(paths: Sequence[Path]) -> str:
    """'sha256 0123456789ab' over the content of these files, in this order."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    return f"sha256 {total.hexdigest()[:12]}"
