"""The one-euro filter: little lag when something moves fast, little jitter when it stands still."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class OneEuroFilter:
    """Casiez, Roussel, Vogel: "1 euro filter" (CHI 2012), one call per frame.

    Filters tensors or NumPy arrays, whichever it is given.

    Args:
        rate: frames per second.
        min_cutoff: cut-off frequency in Hz for a value that stands still; lower is steadier.
        beta: how much the cut-off rises with speed, in Hz per (unit per second); higher lags less.
        speed_cutoff: cut-off frequency in Hz of the speed estimate itself.
    """

    def __init__(
        self,
        rate: float,
        min_cutoff: float = 1.0,
        beta: float = 2.0,
        speed_cutoff: float = 1.0,
    ):
        self.rate, self.min_cutoff, self.beta = rate, min_cutoff, beta
        self.speed_cutoff = speed_cutoff
        self.value: Tensor | None = None
        self.speed: Tensor | None = None

    def __call__(self, value: "Tensor") -> "Tensor":
        """Filter the next frame's value; the first one passes unchanged."""
        before, speed = self.value, self.speed
        if before is None or speed is None:
            self.value, self.speed = value, value * 0
            return value
        raw_speed = (value - before) * self.rate
        speed = _blend(speed, raw_speed, self._weight(self.speed_cutoff))
        cutoff = self.min_cutoff + self.beta * abs(speed)
        smooth = _blend(before, value, self._weight(cutoff))
        self.value, self.speed = smooth, speed
        return smooth

    def _weight(self, cutoff):
        return 1 / (1 + self.rate / (2 * math.pi * cutoff))


def _blend(old: "Tensor", new: "Tensor", weight) -> "Tensor":
    return old + weight * (new - old)
