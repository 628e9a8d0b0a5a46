"""Optimiser step, learning-rate schedule, precision, and the moving average of the weights."""

import copy
import math
import os
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ostnet.errors import InputError
from ostnet.training.config import TrainConfig
from ostnet.training.losses import Loss
from ostnet.training.parallel import Processes


class Optimiser:
    """Adam, betas (.5, .999), that takes no step if a loss or gradient is not finite.

    ``bf16``: compute the losses under bfloat16 autocast.
    """

    def __init__(self, model: nn.Module, config: TrainConfig, processes: Processes, bf16: bool):
        self.model, self.processes = model, processes
        self.clip_norm, self.bf16 = config.clip_norm, bf16
        self.adam = torch.optim.Adam(
            model.parameters(),
            config.learning_rate,
            betas=(0.5, 0.999),
            fused=processes.device.type == "cuda",
        )

    def step(self, rate: float, parts: Iterator[Loss]) -> tuple[bool, dict[str, Tensor]]:
        """Take one step at a learning rate; return whether it was taken, and the mean losses.

        ``parts``: the loss of one batch after the other, each computed only when it is needed. The
        step uses the mean of their gradients.
        """
        for group in self.adam.param_groups:
            group["lr"] = rate
        finite, losses = self.backward(parts)
        if finite:
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
            finite = bool(torch.isfinite(norm))
        if finite:
            self.adam.step()
        if len(losses) == 1:
            return finite, losses[0]
        means = {name: torch.stack([one[name] for one in losses]).mean() for name in losses[0]}
        return finite, means

    def backward(self, parts: Iterator[Loss]) -> tuple[bool, list[dict[str, Tensor]]]:
        """Set the mean gradient over parts and processes; return if it was done, and the losses.

        Stops at a loss that is not finite in some process: backward through NaN coordinates would
        crash the sampler on a CPU.
        """
        self.adam.zero_grad(set_to_none=True)
        losses: list[dict[str, Tensor]] = []
        while True:
            with torch.autocast(self.processes.device.type, torch.bfloat16, enabled=self.bf16):
                part = next(parts, None)
            if part is None:
                self.processes.average_gradients(self.model.parameters(), len(losses))
                return True, losses
            total, terms = part
            losses.append({name: v.detach() for name, v in {"loss": total, **terms}.items()})
            if not self.processes.all(torch.isfinite(total)):
                return False, losses
            total.backward()


class ExponentialAverage:
    """Moving average of parameters and of the floating point buffers (batch norm statistics).

    Validation uses it and checkpoints hold it. The decay grows as (1 + n) / (10 + n) up to
    ``decay``, so that the untrained weights are soon forgotten.
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
            torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]
                [average[name] for name in names], [current[name] for name in names], 1 - decay
            )

    def restore_buffers(self, model: nn.Module) -> None:
        """Copy the average's buffers to ``model``, whose own may not be finite."""
        average = dict(self.model.named_buffers())
        with torch.no_grad():
            for name, value in model.named_buffers():
                value.copy_(average[name])

    def reset(self, model: nn.Module) -> None:
        """Start again from the model's present weights."""
        self.updates = 0
        self.model.load_state_dict(model.state_dict())

    def state_dict(self) -> dict:
        """Return the average and the number of updates."""
        return {"updates": self.updates, "model": self.model.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """Restore a ``state_dict``."""
        self.updates = state["updates"]
        self.model.load_state_dict(state["model"])


def rate_factor(schedule: str, progress: float) -> float:
    """Return the factor on the learning rate at ``progress`` in [0, 1] of the run.

    ``step``: 1, then 0.1 from 80 %; ``cosine``: from 1 to .01; ``constant``: 1.
    """
    if schedule == "step":
        return 1.0 if progress < 0.8 else 0.1
    if schedule == "cosine":
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return 1.0


def run_progress(step: int, steps: int | None, seconds: float, minutes: float | None) -> float:
    """Return the share of the run that is done: by steps if they are given, else by time.

    Only a run measured in steps repeats exactly; one measured in minutes decays within each call.
    """
    if steps is not None:
        return 1.0 if step >= steps else step / steps
    if minutes is not None:
        return min(seconds / (60 * minutes), 1.0)
    return 0.0


def use_bf16(precision: str, device: torch.device) -> bool:
    """Return whether networks run under bf16 autocast: ``bf16``, ``fp32`` or ``auto``.

    ``auto`` means bf16 on CUDA and under ``accelerate launch --mixed_precision bf16``.

    Raises:
        InputError: the launcher asks for a precision that needs loss scaling.
    """
    launched = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if launched not in ("no", "bf16"):
        raise InputError(f"mixed_precision: found {launched}; expected no or bf16")
    if precision == "auto":
        return device.type == "cuda" or launched == "bf16"
    return precision == "bf16"
