"""The output folder of a run: loadable weights, and the state that makes a resume exact."""

import json
import os
from pathlib import Path

import torch
from torch import nn

from ostnet.errors import InputError

STATE = Path("state") / "state.pt"
FORMAT = 3
"""Of the state; others are refused."""


def write_atomically(path: Path, write) -> None:
    """Call ``write(temporary path)``, then rename: a killed run leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    write(beside)
    os.replace(beside, path)


def save(folder: Path, model: nn.Module, state: dict, recipe: dict) -> None:
    """Write config.json and model.safetensors of ``model``, recipe.json and state/state.pt."""
    from ostnet.model.weights import save_weights

    text = json.dumps(model.config.to_dict(), indent=2) + "\n"
    write_atomically(folder / "config.json", lambda path: path.write_text(text))
    write_atomically(folder / "model.safetensors", lambda path: save_weights(model, path))
    text = json.dumps(recipe, indent=2) + "\n"
    write_atomically(folder / "recipe.json", lambda path: path.write_text(text))
    state = {**state, "format": FORMAT}
    write_atomically(folder / STATE, lambda path: torch.save(state, path))


def load_state(folder: Path, device: torch.device) -> dict | None:
    """The saved state, or None for a folder without one.

    Raises InputError on a damaged file, and on the state of another version of this program.
    """
    path = folder / STATE
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a damaged file fails in many ways
        raise InputError(
            f"output {folder}: {STATE} is damaged; choose another folder, and this one as --init "
            "to start from its weights"
        ) from error
    if state.get("format") != FORMAT:
        raise InputError(
            f"output {folder}: its state/ is of format {state.get('format', 1)}, expected "
            f"{FORMAT}; choose another folder, and this one as --init to start from its weights"
        )
    return state
