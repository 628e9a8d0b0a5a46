"""What a run prints while it goes: stage, progress, speed, waiting time and losses."""

import sys
import time

from torch import Tensor


class Report:
    """Means since the last printed line; on a terminal the line stays in place."""

    def __init__(self, every: float = 10.0):
        self.every = every
        self._start()

    def _start(self) -> None:
        self.since = time.monotonic()
        self.sums: dict[str, Tensor] = {}
        self.steps, self.pairs, self.waited = 0, 0, 0.0

    def add(self, losses: dict[str, Tensor], pairs: int, waited: float) -> None:
        """One step: its losses (scalars), its number of pairs, seconds spent waiting for data."""
        if losses.keys() != self.sums.keys():
            self._start()
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0) + value
        self.steps += 1
        self.pairs += pairs
        self.waited += waited

    def maybe_print(self, stage: str, step: int, progress: float, skipped: int) -> None:
        """Print a line if ``every`` seconds have gone by since the last."""
        seconds = time.monotonic() - self.since
        if seconds < self.every or not self.steps:
            return
        means = {name: float(value) / self.steps for name, value in self.sums.items()}
        losses = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
        print(
            f"{stage} step {step}  {progress:4.0%}  {self.pairs / seconds:.1f} pairs/s  "
            f"waiting {self.waited / seconds:.0%}  skipped {skipped}  {losses}",
            end="\r" if sys.stdout.isatty() else "\n",
            flush=True,
        )
        self._start()
