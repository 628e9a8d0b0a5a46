"""report.json and report.md from rows."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ostnet.evaluation.report.tables import Row, in_table_order
from ostnet.methods import METHODS

FACES = "scale_error_median"
"""Metric whose failures are the frames without a face."""


def write_report(
    folder: Path, rows: Sequence[Row], settings: dict, headlines: Mapping[str, Sequence[str]]
) -> None:
    """Write ``report.json`` and ``report.md``; headlines as for ``markdown``."""
    write_json(folder / "report.json", rows, settings)
    (folder / "report.md").write_text(markdown(rows, settings, headlines), encoding="utf-8")


def write_json(path: Path, rows: Sequence[Row], settings: dict) -> None:
    """Write ``{"rows": [...], "settings": {...}}`` with finite numbers and null only."""
    document = {"rows": list(rows), "settings": settings}
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def markdown(rows: Sequence[Row], settings: dict, headlines: Mapping[str, Sequence[str]]) -> str:
    """Return the report as text: per protocol the first table, every value, the definitions.

    headlines: protocol -> columns of its first table; those without any value are left out.
    """
    lines = ["# Evaluation", ""]
    lines += [f"* {key}: {value}" for key, value in settings.items()]
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        mine = [row for row in rows if row["protocol"] == protocol]
        lines += ["", f"## {protocol}", ""]
        lines += [mine[0]["note"], ""] if "note" in mine[0] else []
        if headlines.get(protocol):
            lines += _headline_table(mine, headlines[protocol])
        if "condition" in mine[0]:
            lines += ["", "Every value of every condition is in report.json."]
        else:
            lines += ["", "### Every value", "", *_full_table(mine)]
        lines += ["", "### Definitions and back ends", "", *_definitions(mine)]
        lines += ["", *_missing(mine)]
    return "\n".join(lines) + "\n"


def _headline_table(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    found = {(row.get("condition"), row["method"], row["metric"]): row for row in rows}
    valued = {row["metric"] for row in rows if row["value"] is not None}
    columns = [column for column in columns if column in valued]
    conditions = list(dict.fromkeys(row.get("condition") for row in rows))
    by_condition = conditions != [None]
    lines = _head(
        [*(["condition"] if by_condition else []), "method", *columns, "frames", "no face"]
    )
    for condition in conditions:
        for method in _methods(rows):
            cells = [found.get((condition, method, column)) for column in columns]
            if not any(cells):
                continue
            start = [condition, method] if by_condition else [method]
            counts = _counts(found.get((condition, method, FACES)), cells)
            lines.append(_line([*start, *map(_value, cells), *counts]))
    return lines


def _counts(faces: Row | None, cells: Sequence[Row | None]) -> tuple[str, str]:
    """Return the number of frames, and of those without a face."""
    if faces is None:
        return str(max(cell["frames"] for cell in cells if cell)), "—"
    if not faces["frames"]:
        return "0", "—"
    return str(faces["frames"]), f"{faces['failures']} ({faces['failures'] / faces['frames']:.1%})"


def _full_table(rows: Sequence[Row]) -> list[str]:
    methods = _methods(rows)
    found = {(row["method"], row["metric"]): row for row in rows}
    lines = _head(["metric", *methods])
    for metric in dict.fromkeys(row["metric"] for row in rows):
        cells = [found.get((method, metric)) for method in methods]
        lines.append(_line([metric, *(_value(cell, interval=True) for cell in cells)]))
    return lines


def _definitions(rows: Sequence[Row]) -> list[str]:
    own = {row["method"]: row["method_definition"] for row in rows if "method_definition" in row}
    described = METHODS | own
    return [
        f"* `{name}`: {row['definition']}. Back end: {row['backend']}"
        for name, row in {row["metric"]: row for row in rows}.items()
    ] + [f"* method `{name}`: {described[name]}" for name in _methods(rows) if name in described]


def _missing(rows: Sequence[Row]) -> list[str]:
    """Return one line per method and reason, with the metrics it concerns."""
    reasons: dict[tuple, list[str]] = {}
    for row in rows:
        if row["value"] is None:
            reasons.setdefault((row["method"], row["reason"]), []).append(row["metric"])
    return [
        f"* `{method}` without a value ({reason}): {', '.join(names)}"
        for (method, reason), names in reasons.items()
    ]


def _methods(rows: Sequence[Row]) -> list[str]:
    return in_table_order(row["method"] for row in rows)


def _value(row: Row | None, interval: bool = False) -> str:
    if row is None or row["value"] is None:
        return "—"
    text = f"{row['value']:.4g}"
    if interval and "low" in row:
        text += f" [{row['low']:.3g}, {row['high']:.3g}]"
    return text


def _head(cells: Sequence[str]) -> list[str]:
    return [_line(cells), _line(["---"] * len(cells))]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
