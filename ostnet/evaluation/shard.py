"""One evaluation over several processes (``accelerate launch`` or ``torchrun``)."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import torch.distributed as distributed


@dataclass(frozen=True)
class Shard:
    """This process among all that share the work."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes what is written once."""
        return self.rank == 0

    def share(self, items: Iterable[int]) -> Iterator[int]:
        """Every ``world``-th item, beginning with this process's own."""
        return (item for i, item in enumerate(items) if i % self.world == self.rank)

    def wait(self) -> None:
        """Return once every process has come here."""
        if self.world > 1:
            distributed.barrier()


def this_process() -> Shard:
    """The launcher's RANK and WORLD_SIZE; alone without a launcher."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("gloo", timeout=timedelta(hours=12))
    return Shard(int(os.environ.get("RANK", "0")), world)
