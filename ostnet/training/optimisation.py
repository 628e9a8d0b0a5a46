"""One optimiser step: gradients of its batches, averaged over processes, clipped, applied."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ostnet.training.config import TrainConfig
from ostnet.training.parallel import Processes

Losses = dict[str, Tensor]
"""Name -> scalar."""


class Optimisation:
    """Adam, betas (.5, .999), that takes no step whose gradient is not finite.

    Args:
        model: what learns.
        config: learning rate at the start, norm above which gradients are scaled down.
        processes: those that share each step.
        bf16: compute the losses in bfloat16 where torch deems it safe.
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

    def step(self, rate: float, parts: Iterator[tuple[Tensor, Losses]]) -> tuple[bool, Losses]:
        """One step at a learning rate; whether it was taken, and the mean losses.

        ``parts``: (total, terms) of one batch after the other, each computed when it is asked for;
        the mean of their gradients makes the step.
        """
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.zero_grad(set_to_none=True)
        losses: list[Losses] = []
        taken = self.add_gradients(parts, losses) and self._apply(len(losses))
        if len(losses) == 1:
            return taken, losses[0]
        return taken, {
            name: torch.stack([one[name] for one in losses]).mean() for name in losses[0]
        }

    def add_gradients(self, parts: Iterator[tuple[Tensor, Losses]], losses: list[Losses]) -> bool:
        """Backward through every part, noting its losses; False if one is not finite anywhere."""
        while True:
            with torch.autocast(self.processes.device.type, torch.bfloat16, enabled=self.bf16):
                part = next(parts, None)
            if part is None:
                return True
            total, terms = part
            losses.append({name: v.detach() for name, v in {"loss": total, **terms}.items()})
            if not self.processes.all(torch.isfinite(total)):
                return False  # backward through NaN coordinates would crash the sampler on a CPU
            total.backward()

    def _apply(self, parts: int) -> bool:
        """Apply the mean gradient over parts and processes; False if it is not finite."""
        self.processes.average_gradients(self.model.parameters(), parts)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        if not torch.isfinite(norm):
            return False
        self.adam.step()
        return True
