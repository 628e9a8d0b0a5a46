"""Comparison of checkpoints on the same pairs: differences with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ostnet import hub
from ostnet.errors import InputError
from ostnet.evaluation.metrics import definitions
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.statistics import Statistic
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.report import report_files
from ostnet.evaluation.report.group_store import read_records
from ostnet.evaluation.report.tables import POOLED, REDUCE, Row, centred, estimate

METHOD = "full"
"""The method whose values are compared."""


def compare(
    config: EvaluateConfig, evaluate_one: Callable[[EvaluateConfig], list[Row]]
) -> list[Row]:
    """Evaluate every checkpoint into a folder of its own, then compare them.

    ``report.json`` and ``report.md`` of the output hold, per protocol and metric of ``full``, every
    checkpoint's value and its difference to the first one's on the frames that both have, with a
    95 % bootstrap interval over people. Returns these rows (first process only). Protocols
    with conditions, or without ``full``, are only in the checkpoints' folders. Raises InputError
    where ``full`` is not among the methods.
    """
    if config.methods != "all" and METHOD not in config.methods.split(","):
        raise InputError(f"methods: compare needs method {METHOD}; add it to {config.methods}")
    labels = _labels(config.compare)
    rows, reported = [], False
    for label, checkpoint in labels.items():
        folder = config.output / label
        one = replace(config, checkpoint=checkpoint, compare=(), output=folder)
        for row in evaluate_one(one):
            reported = True
            if row["method"] == METHOD and "condition" not in row:
                rows.append(row | {"checkpoint": label})
    if not reported:  # another process writes the report
        return []
    for row in rows:
        row |= _difference(config, row, next(iter(labels)))
    settings = {"compared": ", ".join(labels), "seed": config.seed}
    report_files.write_json(config.output / "report.json", rows, settings)
    text = _markdown(config, rows, list(labels))
    (config.output / "report.md").write_text(text, encoding="utf-8")
    return rows


def _labels(checkpoints: Sequence[str]) -> dict[str, str]:
    """Return folder name -> checkpoint; names that occur twice are numbered."""
    labels = {}
    for number, checkpoint in enumerate(checkpoints, start=1):
        name = hub.resolve(checkpoint).name.replace("/", "--")
        labels[f"{number}-{name}" if name in labels else name] = checkpoint
    return labels


def _difference(config: EvaluateConfig, row: Row, first: str) -> Row:
    """Return the difference to the first checkpoint with its interval; empty for itself."""
    metric = _metric(row["metric"])
    if row["checkpoint"] == first or metric is None or row["value"] is None:
        return {}
    ours, theirs = (
        _by_pair(read_records(config.output / label / row["protocol"] / "frames.csv"))
        for label in (row["checkpoint"], first)
    )
    both = [(ours[pair], theirs[pair]) for pair in ours if pair in theirs]
    measure = _pooled if metric.reduce in POOLED else _frame_by_frame
    statistic, values, people = measure(metric, both)
    found = estimate(statistic, values, people) if len(values) else {}
    names = {"value": "difference", "low": "difference_low", "high": "difference_high"}
    return {names[name]: value for name, value in found.items()}


Difference = tuple[Statistic, np.ndarray, Sequence[str]]
"""A statistic, the values of both checkpoints, one row per frame, and the person of each row."""


def _frame_by_frame(metric: Metric, both: Sequence[tuple[Record, Record]]) -> Difference:
    values = np.array([[record[metric.column] for record in pair] for pair in both], dtype=float)
    kept = np.asarray(np.isfinite(values).all(axis=1))
    people = [ours["person"] for (ours, _), keep in zip(both, kept, strict=True) if keep]
    reduce = REDUCE[metric.reduce]
    return (lambda v, w: reduce(v[:, 0], w) - reduce(v[:, 1], w)), values[kept], people


def _pooled(metric: Metric, both: Sequence[tuple[Record, Record]]) -> Difference:
    driver, output = metric.sides
    joined = [ours | {"other": theirs[output]} for ours, theirs in both]
    values, people, _ = centred(joined, (driver, output, "other"))
    reduce = POOLED[metric.reduce]
    return (lambda v, w: reduce(v[:, :2], w) - reduce(v[:, [0, 2]], w)), values, people


def _metric(name: str) -> Metric | None:
    """Return the metric of this name; None where no difference can be taken frame by frame."""
    table = [
        *definitions.reconstruction_metrics(lineage=True),
        *definitions.CROSS,
        *definitions.PERCEPTUAL,
    ]
    found = (m for m in table if m.name == name and m.reduce in {*REDUCE, *POOLED})
    return next(found, None)


def _by_pair(records: Sequence[Record]) -> dict[float, Record]:
    return {record["pair"]: record for record in records if record["method"] == METHOD}


def _markdown(config: EvaluateConfig, rows: Sequence[Row], labels: Sequence[str]) -> str:
    lines = ["# Checkpoints side by side", "", f"Method `{METHOD}`; in brackets the difference to "]
    lines[-1] += f"`{labels[0]}` with its 95 % bootstrap interval over people. "
    lines[-1] += "Definitions, back ends and failures are in each checkpoint's own report.md."
    found = {(row["protocol"], row["metric"], row["checkpoint"]): row for row in rows}
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        lines += ["", f"## {protocol}", "", "| metric | " + " | ".join(labels) + " |"]
        lines.append("| --- " * (len(labels) + 1) + "|")
        for metric in dict.fromkeys(r["metric"] for r in rows if r["protocol"] == protocol):
            cells = [_cell(found.get((protocol, metric, label))) for label in labels]
            lines.append(f"| {metric} | " + " | ".join(cells) + " |")
    shown = {row["protocol"] for row in rows}
    if others := [name for name in config.protocols() if name not in shown]:
        lines += ["", f"Only in the checkpoints' own reports: {', '.join(others)}."]
    return "\n".join(lines) + "\n"


def _cell(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "—"
    text = f"{row['value']:.4g}"
    if "difference_low" in row:
        low, high = row["difference_low"], row["difference_high"]
        text += f" ({row['difference']:+.3g} [{low:+.3g}, {high:+.3g}])"
    return text
