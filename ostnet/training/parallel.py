"""The processes that train together: who am I, and sums over all of them.

Launched by ``accelerate launch`` or ``torchrun``; accelerate sets up the process group and is
imported only then. Gradients are summed by hand after the backward pass: the objective calls
several parts of the network, which a wrapper around ``forward`` would not see, and one flat sum
needs no bookkeeping for unused weights or accumulation.
"""

import os
import warnings
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ostnet.errors import InputError

Made = TypeVar("Made")

_PATIENCE = timedelta(hours=2)
"""How long a process waits for the others: the first one may validate or decode meanwhile."""


class Processes:
    """This process among all: ``rank`` of ``count``, its ``device``, and their conversations.

    Every method that talks to the others must be called by all of them in the same order.
    """

    def __init__(self, device: str = "auto"):
        self.rank, self.count = 0, 1
        self.first_here = True
        """True in one process of every machine."""
        if _launched() > 1:
            self.device = self._join(device)
        else:
            self.device = torch.device(_device_name(device))
            if os.environ.get("MASTER_ADDR") and "ACCELERATE_USE_CPU" in os.environ:
                warnings.warn(
                    "accelerate launch started one process only, as it does on a CPU; "
                    "start with torchrun --nproc-per-node N or with "
                    "accelerate launch --multi_gpu there",
                    stacklevel=2,
                )

    def _join(self, device: str) -> torch.device:
        try:
            from accelerate import PartialState
        except ImportError as error:
            raise InputError(
                "processes: several need accelerate; pip install ostnet[train]"
            ) from error
        state = PartialState(cpu=_device_name(device) == "cpu", timeout=_PATIENCE)
        self.rank, self.count = state.process_index, state.num_processes
        self.first_here = state.local_process_index == 0
        return torch.device("cpu") if state.device.type == "cpu" else state.device

    @property
    def first(self) -> bool:
        """True in the one process that prints, validates and writes."""
        return self.rank == 0

    @property
    def hardware(self) -> str:
        """What this process computes on."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return f"CPU, {torch.get_num_threads()} threads"

    def say(self, text: str) -> None:
        """Print, in the first process only."""
        if self.first:
            print(text, flush=True)

    def first_here_first(self, make: Callable[[], Made]) -> Made:
        """The result of ``make``, which runs to its end in one process of every machine first."""
        if self.count == 1:
            return make()
        made = make() if self.first_here else None
        dist.barrier()
        return made if self.first_here else make()

    def close(self) -> None:
        """Leave the group, after the last conversation."""
        if self.count > 1:
            dist.barrier()
            dist.destroy_process_group()

    def from_first(self, value: float) -> float:
        """The first process's number, in every process."""
        if self.count == 1:
            return value
        number = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.broadcast(number, 0)
        return number.item()

    def all(self, condition: Tensor) -> bool:
        """True if a boolean scalar is true in every process."""
        if self.count > 1:
            condition = condition.to(torch.int32)
            dist.all_reduce(condition, dist.ReduceOp.MIN)
        return bool(condition)

    def mean(self, values: Tensor) -> Tensor:
        """Mean of a tensor over the processes."""
        if self.count == 1:
            return values
        values = values.detach().clone()
        dist.all_reduce(values)
        return values / self.count

    def average_gradients(self, parameters: Iterable[nn.Parameter], parts: int = 1) -> None:
        """Divide summed gradients by ``parts`` and take their mean over the processes.

        One flat sum over the processes; nothing at all to do for one part in one process.
        """
        if self.count * parts == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.count == 1:
            torch._foreach_div_(gradients, parts)
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        pieces = (flat / (self.count * parts)).split([gradient.numel() for gradient in gradients])
        torch._foreach_copy_(
            gradients, [p.view_as(g) for p, g in zip(pieces, gradients, strict=True)]
        )

    def check_same(self, what: str, value: float) -> None:
        """Raise InputError in every process unless all hold the same number."""
        if not self.all(torch.tensor(self.from_first(value) == value, device=self.device)):
            raise InputError(f"{what}: the processes differ; give all of them the same folder")


def over_all(count: Tensor) -> Tensor:
    """A count's mean over all processes, where there are several: (…) -> (…), no gradient.

    Dividing a process's sum by it, instead of by its own count, makes the mean of the processes'
    losses the loss of the whole batch.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return count
    count = count.detach().float()
    dist.all_reduce(count)
    return count / dist.get_world_size()


def _launched() -> int:
    """Number of processes that the launcher says it started."""
    return int(os.environ.get("WORLD_SIZE", 1))


def _device_name(name: str) -> str:
    """``cpu``, ``cuda`` or ``cuda:N``. Raises InputError for others, and for a GPU that is not."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or not (number or "0").isdigit():
        raise InputError(f"device: found {name!r}, expected auto, cpu or cuda")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise InputError(
            f"device: found {name!r}, but torch {torch.__version__} sees "
            f"{torch.cuda.device_count()} GPUs; give cpu, or install torch for this machine's GPU"
        )
    return name
