"""The checkpoints of one evaluation, loaded and named."""

import hashlib
import warnings
from dataclasses import dataclass

import torch

from ostnet import hub
from ostnet.animation.animator import Animator, choose_device
from ostnet.errors import InputError
from ostnet.evaluation.options import EvaluateConfig
from ostnet.methods import METHODS, TRAINED_APART
from ostnet.model.ostnet import OSTNet


@dataclass
class Networks:
    """The network under test and those trained apart for comparison."""

    model: OSTNet
    name: str
    """Name of the checkpoint under test, with the first digits of its weights' SHA-256."""
    apart: dict[str, OSTNet]
    """Method -> network, for those that exist."""
    apart_names: dict[str, str]
    """Method -> name of its checkpoint, as ``name``."""
    methods: list[str]
    """Methods to run, in table order."""
    missing: dict[str, str]
    """Method -> why it cannot be run."""


def load_networks(config: EvaluateConfig) -> Networks:
    """Load what the configuration names. Raises InputError for unknown methods or weights."""
    device = choose_device(config.device)
    model, name = _load(config.checkpoint, device)
    wanted = list(METHODS) if config.methods == "all" else config.methods.split(",")
    unknown = [method for method in wanted if method not in METHODS]
    if unknown:
        raise InputError(f"methods: {unknown[0]!r} is unknown; choose from {', '.join(METHODS)}")
    apart, apart_names, missing = {}, {}, {}
    for method in TRAINED_APART:
        checkpoint = getattr(config, method)
        if method in wanted and checkpoint is not None:
            apart[method], apart_names[method] = _load(checkpoint, device)
        elif method in wanted:
            missing[method] = f"no checkpoint trained this way was given (--{_flag(method)})"
    methods = [m for m in METHODS if m in wanted and m not in missing]
    return Networks(model, name, apart, apart_names, methods, missing)


def _flag(method: str) -> str:
    return method.replace("_", "-")


def _load(checkpoint: str | None, device: torch.device) -> tuple[OSTNet, str]:
    found = hub.resolve(checkpoint, str(device))
    if found.notice:
        warnings.warn(found.notice, stacklevel=2)
    digest = hashlib.sha256((found.folder / hub.WEIGHTS).read_bytes()).hexdigest()
    model = Animator(found.folder, str(device), "torch").model  # laid out as it animates
    return model, f"{found.name} (sha256 {digest[:12]})"
