"""``ostnet curves``: loss curves of one or several runs from their log.csv, as a picture."""

import csv
import math
from pathlib import Path

from ostnet.errors import InputError
from ostnet.training.report import LOSSES


def read_log(folder: Path | str) -> list[dict]:
    """Rows of a run's log.csv, numbers as floats (NaN where a stage has no such loss).

    Raises InputError if there is none or it is empty.
    """
    path = Path(folder) / "log.csv"
    if not path.is_file():
        raise InputError(f"run {folder}: no log.csv found; give the output folder of a training")
    with path.open(newline="", encoding="utf-8") as text:
        rows = [
            {k: v if k == "stage" else float(v or "nan") for k, v in row.items()}
            for row in csv.DictReader(text)
        ]
    if not rows:
        raise InputError(f"run {folder}: log.csv has no rows yet; train longer")
    return rows


def draw_curves(runs: dict[str, list[dict]], path: Path | str) -> None:
    """Losses, learning rate, pairs/s and waiting share of the joint stage against its pairs.

    ``runs``: name -> rows of ``read_log``. A run that never reached the joint stage shows its last
    stage against its steps. A quantity that no run has gets no panel.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = {name: _last_stage(rows) for name, rows in runs.items()}
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
            across = "pairs" if rows[0]["stage"] == "joint" else "step"
            x, y = [row[across] for row in rows], [row[column] for row in rows]
            axis.plot(x, y, marker="." if len(rows) < 30 else None, label=name)
        positive = [r[column] for rows in shown.values() for r in rows if r[column] > 0]
        if column in LOSSES and positive and max(positive) > 5 * min(positive):
            axis.set_yscale("log")
        axis.set_title(column, fontsize=10)
        axis.set_xlabel(" / ".join(sorted({_axis_name(rows) for rows in shown.values()})))
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    if len(runs) > 1:
        axes.flat[0].legend(fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _last_stage(rows: list[dict]) -> list[dict]:
    return [row for row in rows if row["stage"] == rows[-1]["stage"]]


def _axis_name(rows: list[dict]) -> str:
    return "pairs" if rows[0]["stage"] == "joint" else f"steps of stage {rows[0]['stage']}"
