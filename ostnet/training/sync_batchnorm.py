"""Batch norm over the pairs of all processes: the same statistics as one process would see."""

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _SumOverProcesses(torch.autograd.Function):
    """Sum over the processes; the gradient of a sum is the sum of the gradients."""

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


class SyncBatchNorm(nn.BatchNorm2d):
    """Batch norm of (B, C, H, W) whose mean and variance are those of all processes together.

    For any device (torch's SyncBatchNorm knows GPUs only). Every process holds the same B.
    Statistics are in float32.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        count = x.numel() // x.shape[1] * dist.get_world_size()
        with torch.autocast(x.device.type, enabled=False):
            values = x.float()
            mean = _SumOverProcesses.apply(values.sum((0, 2, 3))) / count  # (C,)
            centred = values - mean[:, None, None]
            variance = _SumOverProcesses.apply(centred.square().sum((0, 2, 3))) / count
            self._update(mean.detach(), variance.detach() * count / max(count - 1, 1))
            slope = self.weight * (variance + self.eps).rsqrt()
            scaled = torch.addcmul(self.bias[:, None, None], centred, slope[:, None, None])
            return scaled.to(x.dtype)

    @torch.no_grad()
    def _update(self, mean: Tensor, variance: Tensor) -> None:
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        self.num_batches_tracked += 1


def synchronise_batch_norms(model: nn.Module, device: torch.device) -> nn.Module:
    """The network with every BatchNorm2d over all processes; names of weights stay.

    torch's SyncBatchNorm on a GPU, ours elsewhere.
    """
    if device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SyncBatchNorm
    return model
