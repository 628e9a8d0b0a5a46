"""Exponential moving average of the weights: what validation sees and what is saved."""

import copy

import torch
from torch import nn


class ExponentialAverage:
    """Running average of parameters and of the floating point buffers (batch norm statistics).

    The decay grows as (1 + n) / (10 + n) up to ``decay``, so that the first steps do not drag
    untrained weights along.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.updates = 0
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    def update(self, model: nn.Module) -> None:
        """Move the average one step towards ``model``."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        average, current = self.model.state_dict(), model.state_dict()
        names = [name for name, value in average.items() if value.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_(
                [average[name] for name in names], [current[name] for name in names], 1 - decay
            )

    def restore_buffers(self, model: nn.Module) -> None:
        """Give ``model`` the average's buffers, where its own may hold what is not finite."""
        average = dict(self.model.named_buffers())
        with torch.no_grad():
            for name, value in model.named_buffers():
                value.copy_(average[name])

    def reset(self, model: nn.Module) -> None:
        """Start again from the model's present weights."""
        self.updates = 0
        self.model.load_state_dict(model.state_dict())

    def state_dict(self) -> dict:
        """Average and count of updates."""
        return {"updates": self.updates, "model": self.model.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """Continue from a saved state."""
        self.updates = state["updates"]
        self.model.load_state_dict(state["model"])
