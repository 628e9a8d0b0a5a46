"""Weights on disk: safetensors only, half precision, loaded strictly."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ostnet.errors import InputError


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the state dict as safetensors, floating point tensors in half precision.

    The batch counters of batch norm are left out: nothing reads them when a momentum is set.
    """
    tensors = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(tensors, str(path), metadata={"format": "pt"})


def load_weights(model: nn.Module, path: Path) -> None:
    """Load safetensors into the model, in the model's precision.

    Raises:
        InputError: unreadable file, missing or unexpected keys, wrong shapes; all are named.
    """
    try:
        found = load_file(str(path))
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: not a readable safetensors file ({error}); download it again"
        ) from error
    expected = {
        name: value
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    problems = [f"missing {name}" for name in sorted(expected.keys() - found.keys())]
    problems += [f"unexpected {name}" for name in sorted(found.keys() - expected.keys())]
    problems += [
        f"{name} has shape {tuple(found[name].shape)}, expected {tuple(expected[name].shape)}"
        for name in sorted(expected.keys() & found.keys())
        if found[name].shape != expected[name].shape
    ]
    if problems:
        shown = "; ".join(problems[:8]) + (f"; and {len(problems) - 8} more" * (len(problems) > 8))
        raise InputError(
            f"{path}: the weights do not fit config.json ({shown}); use the config.json they were "
            "saved with"
        )
    with torch.no_grad():
        for name, value in expected.items():
            value.copy_(found[name])
