"""The output folder of a run: loadable weights, and the state that makes a resume exact."""

import json
import os
from pathlib import Path

import torch
from torch import nn

STATE = Path("state") / "state.pt"


def write_atomically(path: Path, write) -> None:
    """Call ``write(temporary path)``, then rename: a killed run leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    write(beside)
    os.replace(beside, path)


def save(folder: Path, average: nn.Module, state: dict, recipe: dict) -> None:
    """Write config.json, model.safetensors (EMA), recipe.json and state/state.pt."""
    from ostnet.model.weights import save_weights

    text = json.dumps(average.config.to_dict(), indent=2) + "\n"
    write_atomically(folder / "config.json", lambda path: path.write_text(text))
    write_atomically(folder / "model.safetensors", lambda path: save_weights(average, path))
    text = json.dumps(recipe, indent=2) + "\n"
    write_atomically(folder / "recipe.json", lambda path: path.write_text(text))
    write_atomically(folder / STATE, lambda path: torch.save(state, path))


def load_state(folder: Path, device: torch.device) -> dict | None:
    """The saved state, or None for a folder without one."""
    path = folder / STATE
    if not path.is_file():
        return None
    return torch.load(path, map_location=device, weights_only=True)
