"""What a run tells while it goes: a line of text, a row of log.csv, a tracker's curves."""

import csv
import sys
from pathlib import Path

import torch
from torch import Tensor

from ostnet.training.parallel import Processes
from ostnet.training.tracking import Tracker

LOSSES = (
    "loss",
    "perceptual",
    "rectified",
    "pixel",
    "equivariance",
    "distance",
    "landmark",
    "fiducial",
    "flow",
    "painted",
    "warped",
    "distilled",
    "uncovered",
    "people",
    "performed",
    "adversarial",
    "matching",
    "closeup",
)
COLUMNS = (
    *("stage", "step", "updates", "pairs", "seconds", "pairs/s", "waiting", "skipped"),
    *("learning rate", *LOSSES),
)
"""Of log.csv. ``updates`` counts steps of all stages, ``pairs`` those of the joint stage, seconds
those spent in steps, ``waiting`` is the share of the time spent waiting for data."""


class Meter:
    """Means over all processes since the last reading."""

    def __init__(self, processes: Processes):
        self.processes = processes
        self.restart(0.0)

    def restart(self, now: float) -> None:
        """Begin anew at a time in seconds."""
        self.since = now
        self.sums: dict[str, Tensor] = {}
        self.steps, self.pairs, self.waited = 0, 0, 0.0

    def add(self, losses: dict[str, Tensor], pairs: int, waited: float) -> None:
        """One step: this process's losses (scalars), pairs of all, seconds waited for data."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0) + value
        self.steps += 1
        self.pairs += pairs
        self.waited += waited

    def read(self, now: float) -> dict[str, float]:
        """Losses, pairs/s and waiting share since the last reading; starts anew."""
        sums = torch.stack([torch.as_tensor(v).float() for v in self.sums.values()])
        waited = torch.tensor([self.waited], device=sums.device)
        *totals, waited = self.processes.mean(torch.cat([sums, waited])).tolist()
        seconds = max(now - self.since, 1e-9)
        row = {"pairs/s": self.pairs / seconds, "waiting": waited / seconds}
        row |= {name: total / self.steps for name, total in zip(self.sums, totals, strict=True)}
        self.restart(now)
        return row


class Journal:
    """Writes what the first process has to say about a run."""

    def __init__(self, folder: Path, tracker: Tracker, updates: int):
        self.path = folder / "log.csv"
        self.tracker = tracker
        self._unreadable = 0
        self._begin(updates)

    def _begin(self, updates: int) -> None:
        """A header, or the rows of a former run up to the checkpoint it is resumed from."""
        rows = []
        if self.path.is_file():
            with self.path.open(newline="", encoding="utf-8") as text:
                rows = [row for row in csv.DictReader(text) if int(row["updates"]) <= updates]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("w", newline="", encoding="utf-8") as text:
            writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)

    def progress(self, row: dict, share: float) -> None:
        """One reading of the meter, joined with the run's counters; ``share`` of the run done."""
        with self.path.open("a", newline="", encoding="utf-8") as text:
            csv.DictWriter(text, COLUMNS).writerow(
                {key: f"{v:.6g}" if isinstance(v, float) else v for key, v in row.items()}
            )
        losses = {name: row[name] for name in LOSSES if name in row}
        line = "  ".join(f"{name} {value:.4f}" for name, value in losses.items())
        print(
            f"{row['stage']} step {row['step']}  {share:4.0%}  {row['pairs/s']:.1f} pairs/s  "
            f"waiting {row['waiting']:.0%}  skipped {row['skipped']}  {line}",
            end="\r" if sys.stdout.isatty() else "\n",
            flush=True,
        )
        speed = {name: row[name] for name in ("pairs/s", "waiting", "learning rate")}
        self.tracker.numbers(
            row["updates"], {f"train/{name}": value for name, value in {**losses, **speed}.items()}
        )

    def unreadable(self, skipped: list[tuple[str, str]]) -> None:
        """Files that are left out, as (file, reason); said again only where there are more."""
        files = dict(skipped)  # a stream meets them again in every pass
        if len(files) > self._unreadable:
            self._unreadable = len(files)
            file, reason = skipped[-1]
            print(f"data: {len(files)} files left out, the last one {file}: {reason}", flush=True)

    def validation(self, updates: int, table: dict, sheet: Path) -> None:
        """A validation's numbers and its sample sheet."""
        numbers = {f"val/{name}": v for name, v in table.items() if isinstance(v, float)}
        self.tracker.numbers(updates, numbers)
        self.tracker.picture(updates, "samples", sheet)

    def close(self) -> None:
        """Finish what the tracker has begun."""
        self.tracker.close()
