"""The networks that runs start from and save, and the state that makes a resume exact."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from ostnet.config import GAINS, PRESETS, ModelConfig
from ostnet.errors import InputError
from ostnet.files import write_atomically
from ostnet.hub import resolve
from ostnet.model.growth import grow, open_mix
from ostnet.model.ostnet import OSTNet
from ostnet.model.pruning import prune
from ostnet.model.weights import save_weights
from ostnet.training.config import TrainConfig
from ostnet.training.perceptual import PerceptualLoss

STATE = Path("state") / "state.pt"
FORMAT = 3  # version of the state; others are refused
PRUNED = ("residual_blocks", "first_tap", "merge")
"""Fields that a pruned network keeps when it grows into a preset of the same widths; when it grows
into a wider one, the number of residual blocks grows too."""
KEPT = (*GAINS, "outside", "reach")
"""Fields that a network always keeps when it is pruned and grown to a preset."""


def initial_network(config: TrainConfig) -> OSTNet:
    """Return a network with ``config.init``'s weights, or the preset's random ones.

    Parts that ``config.without`` names are removed permanently; weights that a checkpoint holds for
    them are dropped. A part that the checkpoint lacks stays absent. One half of the embedding is
    not removed but held at zero. Where dense motion learns, the expression gains are 1 or, in
    distillation, the teacher's: the network would otherwise learn to move less.

    Raises:
        InputError: the checkpoint cannot be used.
    """
    start = None if config.init is None else checkpoint_network(config.init)
    if config.grow and start is not None:
        start = _reshaped(start, PRESETS[config.grow])
    whole = PRESETS[config.grow or config.preset] if start is None else start.config
    model = OSTNet(
        replace(
            whole,
            with_scale_transform=whole.with_scale_transform and "transform" not in config.removed,
            with_scale_embedding=whole.with_scale_embedding and "embedding" not in config.removed,
            scale_map=config.scale_map or whole.scale_map,
            outside=config.outside or whole.outside,
            **_learned_gains(config),
        )
    )
    if start is not None:
        kept = model.state_dict().keys()
        model.load_state_dict({k: v for k, v in start.state_dict().items() if k in kept})
    if model.config.with_scale_embedding:
        for part, layers in (
            ("encoder-embedding", model.generator.embed_taps),
            ("decoder-embedding", model.generator.embed_levels),
        ):
            if part in config.removed:
                for parameter in layers.requires_grad_(False).parameters():
                    nn.init.zeros_(parameter)  # so these layers add nothing
    return model


def _learned_gains(config: TrainConfig) -> dict[str, float]:
    """Return the expression gains during training; empty where dense motion does not learn."""
    if not config.losses.distilled:
        return dict.fromkeys(GAINS, 1.0) if config.steps != 0 else {}
    teacher = config.teacher or config.init
    if not config.losses.motion or teacher is None:
        return {}
    return dict(zip(GAINS, checkpoint_network(teacher).config.gains, strict=True))


def _reshaped(start: OSTNet, wanted: ModelConfig) -> OSTNet:
    """Return the network pruned and grown to a preset, except in fields of ``KEPT``, ``PRUNED``."""
    had_mix = start.config.mix
    try:
        start = prune(start, wanted)
    except ValueError as error:
        raise InputError(f"grow: {error}") from error
    same = start.config.widths == wanted.widths
    own = (*KEPT, *(PRUNED if same else PRUNED[1:]))
    wanted = replace(wanted, **{name: getattr(start.config, name) for name in own})
    if start.config != wanted:
        try:
            start = grow(start, wanted)
        except ValueError as error:
            raise InputError(f"grow: {error}") from error
    if wanted.mix and not had_mix:
        open_mix(start)
    return start


def checkpoint_network(name: str) -> OSTNet:
    """Return the network of a checkpoint, a folder or owner/repo.

    Raises:
        InputError: it cannot be used.
    """
    try:
        return OSTNet.from_pretrained(resolve(name).folder)
    except InputError as error:
        raise InputError(f"init: {str(error).removeprefix('checkpoint: ')}") from error


def compile_parts(model: OSTNet, perceptual: PerceptualLoss, device: torch.device) -> None:
    """Compile the convolutional networks in place with torch.compile; names of weights stay.

    Part by part, because training calls the parts and not ``forward``. On a CPU only the encoder
    gains (26 to 15 ms a pair and core, forward and backward, bf16); not measured on a GPU.
    """
    parts = [model.generator.encoder]
    if device.type == "cuda":
        parts += [model.detector, model.motion, model.generator, perceptual.network]
    for part in parts:
        part.compile(dynamic=False)


def save(folder: Path, model: OSTNet, state: dict, recipe: dict) -> None:
    """Write config.json and model.safetensors of ``model``, recipe.json and state/state.pt."""

    def text_of(values: dict) -> Callable[[Path], object]:
        return lambda path: path.write_text(json.dumps(values, indent=2) + "\n")

    write_atomically(folder / "config.json", text_of(model.config.to_dict()))
    write_atomically(folder / "model.safetensors", lambda path: save_weights(model, path))
    write_atomically(folder / "recipe.json", text_of(recipe))
    state = {**state, "format": FORMAT}
    write_atomically(folder / STATE, lambda path: torch.save(state, path))


def load_state(folder: Path, device: torch.device) -> dict | None:
    """Return the saved state, or None for a folder without one.

    Raises:
        InputError: a damaged file, or the state of another version of this program.
    """
    path = folder / STATE
    if not path.is_file():
        return None
    advice = "choose another folder, and give this one to --init to start from its weights"
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
