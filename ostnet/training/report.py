"""Reports of a run: log lines, log.csv, curves in a tracker or as a picture."""

import csv
import logging
import math
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor

from ostnet.errors import InputError
from ostnet.training.config import LossWeights
from ostnet.training.parallel import Processes

logger = logging.getLogger(__name__)

_NO_TERMS = {"distance_threshold", "region", "gaps"}
LOSSES = ("loss", *(f.name for f in fields(LossWeights) if f.name not in _NO_TERMS))
"""The total and its terms."""
COLUMNS = (
    *("stage", "step", "updates", "pairs", "seconds", "pairs/s", "waiting", "skipped"),
    *("learning rate", *LOSSES),
)
"""Columns of log.csv. ``updates`` counts steps of all stages, ``pairs`` those of the stages joint
and detail, ``seconds`` the time spent in steps; ``waiting`` is the share of time spent on data."""


class Meter:
    """Means over all processes since the last reading."""

    def __init__(self, processes: Processes):
        self.processes = processes
        self.restart(0.0)

    def restart(self, now: float) -> None:
        """Start again at a time in seconds."""
        self.since = now
        self.sums: dict[str, Tensor] = {}
        self.steps, self.pairs, self.waited = 0, 0, 0.0

    def add(self, losses: dict[str, Tensor], pairs: int, waited: float) -> None:
        """Add one step: this process's losses (scalars), pairs of all, seconds spent on data."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0) + value
        self.steps += 1
        self.pairs += pairs
        self.waited += waited

    def read(self, now: float) -> dict[str, float]:
        """Return losses, pairs/s and waiting share since the last reading, and start again."""
        sums = torch.stack([torch.as_tensor(v).float() for v in self.sums.values()])
        waited = torch.tensor([self.waited], device=sums.device)
        *totals, waited = self.processes.mean(torch.cat([sums, waited])).tolist()
        seconds = max(now - self.since, 1e-9)
        row = {"pairs/s": self.pairs / seconds, "waiting": waited / seconds}
        row |= {name: total / self.steps for name, total in zip(self.sums, totals, strict=True)}
        self.restart(now)
        return row


class Tracker:
    """Records numbers and pictures of a run at a step; this base class ignores them."""

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """Record scalars by name, such as ``train/loss``."""

    def picture(self, step: int, name: str, path: Path) -> None:
        """Record a picture file."""

    def close(self) -> None:
        """Write what is pending."""


class TensorBoard(Tracker):
    """Event files in ``folder``; view them with ``tensorboard --logdir``."""

    def __init__(self, folder: Path, settings: dict):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder / "tensorboard"))
        lines = [f"    {name}: {value}" for name, value in settings.items()]
        self.writer.add_text("settings", "\n".join(lines))

    def numbers(self, step: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def picture(self, step: int, name: str, path: Path) -> None:
        import numpy as np
        from PIL import Image

        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        self.writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        self.writer.close()


class Trackio(Tracker):
    """A run, named after ``folder``, of the project ``ostnet``; view it with ``trackio show``."""

    def __init__(self, folder: Path, settings: dict):
        import trackio  # pyright: ignore[reportMissingImports]

        self.trackio = trackio
        trackio.init(project="ostnet", name=folder.name, config=settings, resume="allow")

    def numbers(self, step: int, values: dict[str, float]) -> None:
        self.trackio.log(values, step=step)

    def picture(self, step: int, name: str, path: Path) -> None:
        self.trackio.log({name: self.trackio.Image(str(path))}, step=step)

    def close(self) -> None:
        self.trackio.finish()


def make_tracker(name: str, folder: Path, settings: dict) -> Tracker:
    """Return the tracker ``none``, ``tensorboard`` or ``trackio``.

    Raises:
        InputError: its package is not installed.
    """
    kinds = {"tensorboard": TensorBoard, "trackio": Trackio}
    if name not in kinds:
        return Tracker()
    try:
        return kinds[name](folder, settings)
    except ImportError as error:
        raise InputError(f"track: {name} is not installed; pip install ostnet[track]") from error


class Journal:
    """Writes log.csv, log lines and the tracker's curves; in the first process only."""

    def __init__(self, folder: Path, tracker: Tracker, updates: int):
        """Start log.csv, or keep the rows of a resumed run up to its checkpoint at ``updates``."""
        self.path = folder / "log.csv"
        self.tracker = tracker
        self._unreadable = 0
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
        """Report a reading of the meter and the run's counters; ``share`` of the run is done."""
        with self.path.open("a", newline="", encoding="utf-8") as text:
            csv.DictWriter(text, COLUMNS).writerow(
                {key: f"{v:.6g}" if isinstance(v, float) else v for key, v in row.items()}
            )
        losses = {name: row[name] for name in LOSSES if name in row}
        line = "  ".join(f"{name} {value:.4f}" for name, value in losses.items())
        logger.info(
            f"{row['stage']} step {row['step']}  {share:4.0%}  {row['pairs/s']:.1f} pairs/s  "
            f"waiting {row['waiting']:.0%}  skipped {row['skipped']}  {line}"
        )
        speed = {name: row[name] for name in ("pairs/s", "waiting", "learning rate")}
        self.tracker.numbers(
            row["updates"], {f"train/{name}": value for name, value in {**losses, **speed}.items()}
        )

    def unreadable(self, skipped: list[tuple[str, str]]) -> None:
        """Report files that are left out, as (file, reason), if there are more than before."""
        files = dict(skipped)  # a stream skips the same files again in every pass
        if len(files) > self._unreadable:
            self._unreadable = len(files)
            file, reason = skipped[-1]
            logger.warning(
                f"data: {len(files)} files cannot be used; the last one is {file}: {reason}"
            )

    def validation(self, updates: int, table: dict, grid: Path) -> None:
        """Give a validation's numbers and its sample grid to the tracker."""
        numbers = {f"val/{name}": v for name, v in table.items() if isinstance(v, float)}
        self.tracker.numbers(updates, numbers)
        self.tracker.picture(updates, "samples", grid)


def read_log(folder: Path | str) -> list[dict]:
    """Return the rows of a run's log.csv, numbers as floats (NaN if a stage has no such loss).

    Raises:
        InputError: there is none, or it is empty.
    """
    path = Path(folder) / "log.csv"
    if not path.is_file():
        raise InputError(
            f"run {folder}: no log.csv found; give the output folder of a training run"
        )
    with path.open(newline="", encoding="utf-8") as text:
        rows = [
            {k: v if k == "stage" else float(v or "nan") for k, v in row.items()}
            for row in csv.DictReader(text)
        ]
    if not rows:
        raise InputError(
            f"run {folder}: log.csv has no rows yet; wait until the run has written some"
        )
    return rows


def draw_curves(runs: dict[str, list[dict]], path: Path | str) -> None:
    """Draw losses, learning rate, pairs/s and waiting share of the last stage, a panel each.

    Against pairs in the joint stage, else against steps. ``runs``: rows of ``read_log`` by name.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = {
        name: [row for row in rows if row["stage"] == rows[-1]["stage"]]
        for name, rows in runs.items()
    }
    stages = {name: rows[0]["stage"] for name, rows in shown.items()}
    labels = {"pairs" if one == "joint" else f"steps of stage {one}" for one in stages.values()}
    panels = [
        column
        for column in (*LOSSES, "learning rate", "pairs/s", "waiting")
        if any(math.isfinite(row[column]) for rows in shown.values() for row in rows)
    ]
    columns = min(4, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(4 * columns, 3 * lines), squeeze=False, constrained_layout=True
    )
    for axis, column in zip(axes.flat, panels, strict=False):
        for name, rows in shown.items():
            across = "pairs" if stages[name] == "joint" else "step"
            x, y = [row[across] for row in rows], [row[column] for row in rows]
            axis.plot(x, y, marker="." if len(rows) < 30 else None, label=name)
        positive = [r[column] for rows in shown.values() for r in rows if r[column] > 0]
        if column in LOSSES and positive and max(positive) > 5 * min(positive):
            axis.set_yscale("log")
        axis.set_title(column, fontsize=10)
        axis.set_xlabel(" / ".join(sorted(labels)))
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    if len(runs) > 1:
        axes.flat[0].legend(fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)
