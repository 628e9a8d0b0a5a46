"""Time as a share of first-order-model's, which other machines can be compared by.

Measured in turn, so that whatever else the machine does falls on all alike, and as processor time
on one thread, so that it does not count.
"""

import time
from collections.abc import Callable

import numpy as np
import torch

from ostnet.evaluation.first_order_model import SIDE, FirstOrderModel
from ostnet.evaluation.stages import multiplications

TURNS = 5
"""Frames of each at most; the median counts."""


@torch.inference_mode()
def reference() -> tuple[Callable[[], object], float]:
    """A driving frame of first-order-model in eager torch on the CPU, and its 1e9 multiply-adds."""
    network = FirstOrderModel().eval()
    source, driving = torch.rand(2, 1, 3, SIDE, SIDE)
    known = network.points(source)

    @torch.inference_mode()
    def call() -> object:
        return network(source, known, driving)

    return call, multiplications(call)


def processor_ms(calls: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Median processor time of each call in milliseconds, all threads of this process."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(min(turns, TURNS)):
        for name, call in calls.items():
            call()  # brings its own weights back into the caches
            started = time.process_time()
            call()
            spent[name].append(1000 * (time.process_time() - started))
    return {name: float(np.median(times)) for name, times in spent.items()}
