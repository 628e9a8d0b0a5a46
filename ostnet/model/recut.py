"""Cutting a trained network down to a cheaper preset, to train it further.

What the smaller network lacks is left out, everything else is kept as it is. How much that costs is
for a validation split to say: of ``ostnet-lite`` (run 10) its findings do.
"""

from dataclasses import replace

import torch

from ostnet.config import ModelConfig
from ostnet.model.ostnet import OSTNet


@torch.no_grad()
def recut(model: OSTNet, config: ModelConfig) -> OSTNet:
    """A network with no more residual blocks than ``config``, and its ``first_tap``, if picture.

    Of the residual blocks, which each add to what they are given, the first and last ones stay.
    All else is the model's own.
    """
    had = model.config.residual_blocks
    count = min(had, config.residual_blocks)
    wanted = replace(model.config, residual_blocks=count)
    if config.first_tap == "picture":
        wanted = replace(wanted, first_tap="picture")
    smaller = OSTNet(wanted).eval()
    first = (count + 1) // 2
    kept = [*range(first), *range(had - count + first, had), had]  # and the norm behind them
    origin = {str(place): str(found) for place, found in enumerate(kept)}
    old, prefix = model.state_dict(), "generator.residual."
    for name, value in smaller.state_dict().items():
        if name.startswith(prefix):
            place, rest = name.removeprefix(prefix).split(".", 1)
            name = f"{prefix}{origin[place]}.{rest}"
        value.copy_(old[name])
    return smaller
