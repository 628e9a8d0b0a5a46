"""Weights on disk: safetensors only, half precision, loaded strictly."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from ostnet.errors import InputError


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the state dict as safetensors, floating point tensors in half precision.

    The batch counters of batch norm are left out: with a momentum they are not used.
    """
    tensors = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in _stored(model).items()
    }
    save_file(tensors, str(path), metadata={"format": "pt"})


def load_weights(model: nn.Module, path: Path) -> None:
    """Load safetensors into the model, in the model's precision.

    Raises:
        InputError: as :func:`check_weights`, or values that are not finite.
    """
    check_weights(model, path)
    found = load_file(str(path))
    if broken := sorted(name for name, value in found.items() if not _finite(value)):
        named = ", ".join(broken[:3]) + ", ..." * (len(broken) > 3)
        raise InputError(f"{path}: not all values are finite numbers ({named}); download it again")
    with torch.no_grad():
        for name, value in _stored(model).items():
            value.copy_(found[name])


def check_weights(model: nn.Module, path: Path) -> None:
    """Check a safetensors file's names and shapes against the model's, without loading it.

    Raises:
        InputError: unreadable file, missing or unexpected keys, wrong shapes; all are named.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: not a readable safetensors file ({error}); download it again"
        ) from error
    expected = {name: tuple(value.shape) for name, value in _stored(model).items()}
    problems = [f"missing {name}" for name in sorted(expected.keys() - found.keys())]
    problems += [f"unexpected {name}" for name in sorted(found.keys() - expected.keys())]
    problems += [
        f"{name} has shape {found[name]}, expected {expected[name]}"
        for name in sorted(expected.keys() & found.keys())
        if found[name] != expected[name]
    ]
    if problems:
        shown = "; ".join(problems[:8]) + (f"; and {len(problems) - 8} more" * (len(problems) > 8))
        raise InputError(
            f"{path}: the weights do not fit config.json ({shown}); use the config.json they were "
            "saved with"
        )


def _finite(value: torch.Tensor) -> bool:
    """Return whether all numbers are real and finite."""
    return not value.is_complex() and bool(value.float().isfinite().all())


def _stored(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return what a file holds of a model: all but the batch counters of batch norm."""
    return {
        name: value
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
