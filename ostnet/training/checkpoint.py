"""The output folder of a run: loadable weights, and the state that makes a resume exact."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import torch

from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet
from ostnet.model.weights import save_weights

STATE = Path("state") / "state.pt"
FORMAT = 3
"""Version of the state; others are refused."""


def save(folder: Path, model: OSTNet, state: dict, recipe: dict) -> None:
    """Write config.json and model.safetensors of ``model``, recipe.json and state/state.pt."""

    def text_of(values: dict) -> Callable[[Path], object]:
        return lambda path: path.write_text(json.dumps(values, indent=2) + "\n")

    _write_atomically(folder / "config.json", text_of(model.config.to_dict()))
    _write_atomically(folder / "model.safetensors", lambda path: save_weights(model, path))
    _write_atomically(folder / "recipe.json", text_of(recipe))
    state = {**state, "format": FORMAT}
    _write_atomically(folder / STATE, lambda path: torch.save(state, path))


def _write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write to a temporary path, then rename: if the run is killed, the old file stays whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    write(temporary)
    os.replace(temporary, path)


def load_state(folder: Path, device: torch.device) -> dict | None:
    """Return the saved state, or None for a folder without one.

    Raises:
        InputError: a damaged file, or the state of another version of this program.
    """
    path = folder / STATE
    if not path.is_file():
        return None
    advice = "choose another folder, and this one as --init to start from its weights"
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a damaged file fails in many ways
        raise InputError(f"output {folder}: {STATE} is damaged; {advice}") from error
    if state.get("format") != FORMAT:
        found = state.get("format", 1)
        raise InputError(
            f"output {folder}: its state/ is of format {found}, expected {FORMAT}; {advice}"
        )
    return state
