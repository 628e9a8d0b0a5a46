"""Figures and a picture of each run: `plot.py OUT...` writes OUT/load.png, says the numbers."""

import csv
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

ANSWERED = ("right", "refused")


def read(path: Path) -> dict[str, np.ndarray]:
    """Columns of a table; numbers where they are."""
    with path.open() as text:
        rows = list(csv.DictReader(text))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {name: _numbers(values) for name, values in columns.items()}


def _numbers(values: list[str]) -> np.ndarray:
    try:
        return np.array(values, float)
    except ValueError:
        return np.array(values)


def say(jobs: dict, machine: dict) -> None:
    """Counts, latencies, and what the process held at both ends."""
    results, counts = np.unique([text.split(":")[0] for text in jobs["result"]], return_counts=True)
    print("jobs:", dict(zip(results.tolist(), counts.tolist(), strict=True)))
    done = np.isin(jobs["result"], ANSWERED)
    for kind in np.unique(jobs["kind"][done]):
        taken = jobs["seconds"][done & (jobs["kind"] == kind)]
        marks = np.percentile(taken, [50, 90, 99, 100])
        print(f"{kind}: {len(taken)}, seconds at 50/90/99/100 %: {marks.round(1).tolist()}")
    began = done & (jobs["begun"] > 0)
    sent, begun = jobs["sent"][began], jobs["begun"][began]
    passed = (sent[:, None] < sent[None] - 2) & (begun[:, None] > begun[None] + 2)
    print(f"overtaken by a job sent over 2 s later: {int(passed.any(axis=1).sum())} of {len(sent)}")
    print("longest place in the queue:", int(jobs["place"].max()))
    late = machine["seconds"] > machine["seconds"].max() / 2
    slope = np.polyfit(machine["seconds"][late] / 60, machine["memory_mb"][late], 1)[0]
    print(f"memory in the second half: {slope:+.2f} MB a minute")
    for name in list(machine)[1:]:
        values = machine[name]
        print(f"{name}: {values[0]:g} at first, {values.max():g} at most, {values[-1]:g} at last")


def draw(jobs: dict, machine: dict, path: Path) -> None:
    """Four panels over time."""
    figure, panels = plt.subplots(2, 2, figsize=(9, 5), layout="constrained")
    minutes = machine["seconds"] / 60
    (memory, handles), (files, waiting) = panels
    memory.plot(minutes, machine["memory_mb"])
    memory.set(title="memory, MB", ylim=(0, None))
    for name in ("open_files", "threads", "children"):
        handles.plot(minutes, machine[name], label=name.replace("_", " "))
    handles.set(title="held by the page's process")
    handles.legend(fontsize=8)
    files.plot(minutes, machine["files"])
    files.set(title="visitors' files on disk", xlabel="minutes")
    done = np.isin(jobs["result"], ANSWERED)
    for kind in np.unique(jobs["kind"][done]):
        mine = done & (jobs["kind"] == kind)
        waiting.plot(jobs["sent"][mine] / 60, jobs["seconds"][mine], ".", label=kind, markersize=4)
    waiting.set(title="seconds to the answer", xlabel="minutes", ylim=(0, None))
    waiting.legend(fontsize=8)
    figure.savefig(path, dpi=75)


for folder in map(Path, sys.argv[1:]):
    tables = read(folder / "jobs.csv"), read(folder / "machine.csv")
    print(folder.name)
    say(*tables)
    draw(*tables, folder / "load.png")
