"""The processes that train together, and batch norm over all of them.

Launched by ``accelerate launch`` or ``torchrun``; accelerate sets up the process group and is
imported only then. Gradients are summed explicitly after the backward pass: the stages call several
parts of the network, which a wrapper around ``forward`` would not see, and one flat sum needs no
bookkeeping for unused weights or accumulation.
"""

import os
import warnings
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce  # differentiable, unlike dist's

from ostnet.errors import InputError

Made = TypeVar("Made")

_TIMEOUT = timedelta(hours=2)
"""Time that a process waits for the others: the first one may validate or decode meanwhile."""


class Processes:
    """This process, ``rank`` of ``count``, its ``device``, and communication with the others.

    Every method that communicates must be called by all processes in the same order.
    """

    def __init__(self, device: str = "auto"):
        self.rank, self.count = 0, 1
        self.first_here = True  # whether it is the first process of its machine
        if int(os.environ.get("WORLD_SIZE", 1)) > 1:
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
                "processes: more than one needs accelerate; pip install ostnet[train]"
            ) from error
        state = PartialState(cpu=_device_name(device) == "cpu", timeout=_TIMEOUT)
        self.rank, self.count = state.process_index, state.num_processes
        self.first_here = state.local_process_index == 0
        return torch.device("cpu") if state.device.type == "cpu" else state.device  # pyright: ignore[reportOptionalMemberAccess, reportReturnType]

    @property
    def first(self) -> bool:
        """Return True in the one process that logs, validates and writes."""
        return self.rank == 0

    @property
    def hardware(self) -> str:
        """Return the name of this process's GPU, or the number of CPU threads."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return f"CPU, {torch.get_num_threads()} threads"

    def first_here_first(self, make: Callable[[], Made]) -> Made:
        """Return the result of ``make``, which one process of every machine completes first."""
        if self.count == 1:
            return make()
        made = make() if self.first_here else None
        dist.barrier()
        return made if made is not None else make()

    def close(self) -> None:
        """Leave the process group."""
        if self.count > 1:
            dist.barrier()
            dist.destroy_process_group()

    def from_first(self, value: float) -> float:
        """Return the first process's number in every process."""
        if self.count == 1:
            return value
        number = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.broadcast(number, 0)
        return number.item()

    def all(self, condition: Tensor) -> bool:
        """Return True if a boolean scalar is true in every process."""
        if self.count > 1:
            condition = condition.to(torch.int32)
            dist.all_reduce(condition, dist.ReduceOp.MIN)
        return bool(condition)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of a tensor over the processes."""
        if self.count == 1:
            return values
        values = values.detach().clone()
        dist.all_reduce(values)
        return values / self.count

    def average_gradients(self, parameters: Iterable[nn.Parameter], parts: int = 1) -> None:
        """Divide summed gradients by ``parts`` and average them over the processes.

        One flat sum over the processes; nothing to do for one part in one process.
        """
        if self.count * parts == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.count == 1:
            torch._foreach_div_(gradients, parts)  # pyright: ignore[reportPrivateImportUsage]
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        pieces = (flat / (self.count * parts)).split([gradient.numel() for gradient in gradients])
        torch._foreach_copy_(  # pyright: ignore[reportPrivateImportUsage]
            gradients, [p.view_as(g) for p, g in zip(pieces, gradients, strict=True)]
        )

    def check_same(self, what: str, value: float) -> None:
        """Check that all processes hold the same number; raises InputError in all of them."""
        if not self.all(torch.tensor(self.from_first(value) == value, device=self.device)):
            raise InputError(
                f"{what}: the value differs between processes; give all of them the same folder"
            )


def mean_count(count: Tensor) -> Tensor:
    """Return the mean of a count (...) over all processes, without a gradient.

    If every process divides its sum by this instead of by its own count, the mean of the
    processes' losses is the loss of the whole batch.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return count
    count = count.detach().float()
    dist.all_reduce(count)
    return count / dist.get_world_size()


def _device_name(name: str) -> str:
    """Return ``cpu``, ``cuda`` or ``cuda:N``; raises InputError for a device that is not there."""
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


class SyncBatchNorm(nn.BatchNorm2d):
    """Batch norm of (B, C, H, W) with mean and variance over the pairs of all processes.

    Works on any device (torch's SyncBatchNorm needs a GPU). Every process holds the same B.
    Statistics are in float32.
    """

    def forward(self, x: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Normalise; updates the running statistics in training mode."""
        if not self.training:
            return super().forward(x)
        count = x.numel() // x.shape[1] * dist.get_world_size()
        with torch.autocast(x.device.type, enabled=False):
            values = x.float()
            mean = all_reduce(values.sum((0, 2, 3))) / count  # (C,)
            centred = values - mean[:, None, None]
            variance = all_reduce(centred.square().sum((0, 2, 3))) / count
            self._update(mean.detach(), variance.detach() * count / max(count - 1, 1))
            slope = self.weight * (variance + self.eps).rsqrt()
            scaled = torch.addcmul(self.bias[:, None, None], centred, slope[:, None, None])
            return scaled.to(x.dtype)

    @torch.no_grad()
    def _update(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None
        self.running_mean.lerp_(mean, self.momentum or 0.1)
        self.running_var.lerp_(variance, self.momentum or 0.1)
        self.num_batches_tracked += 1


def synchronise_batch_norms(model: nn.Module, device: torch.device) -> nn.Module:
    """Return the network with every BatchNorm2d over all processes; names of weights stay."""
    if device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SyncBatchNorm
    return model
