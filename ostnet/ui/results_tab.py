"""The Results tab: the reports that lie beside the weights, as they are."""

import html
import json
from pathlib import Path

from ostnet.ui import figures, text

SHOWN = (
    "scale_error_median",
    "scale_error_p90",
    "scale_error_matched_median",
    "l1",
    "ssim",
    "psnr",
    "akd",
    "csim_dlib",
    "mouth_correlation",
    "yaw_correlation",
)
"""Metrics of the tables, where a report has them; every other value is in the file."""


def results_html(folder: Path) -> str:
    """Tables of metrics.json and every report.json under a folder; a plain remark for neither."""
    files = [folder / "metrics.json", *sorted(folder.rglob("report.json"))]
    parts = [_report(file, folder) for file in files if file.is_file()]
    return "\n".join(parts) or figures.note(text.NO_REPORT)


def _report(file: Path, folder: Path) -> str:
    document = _read(file)
    name = str(file.relative_to(folder))
    rows = document.pop("rows", [])
    if not document and not rows:
        return figures.note(f"{name} cannot be read or is empty.", "warn")
    settings = [[name, _plain(value)] for name, value in _flat(document.get("settings", document))]
    parts = [figures.table(["setting", "value"], settings, f"From {name}.")] if settings else []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        mine = [row for row in rows if row["protocol"] == protocol and "condition" not in row]
        if mine:
            parts += [f"<h3>{html.escape(protocol)}</h3>", _table(mine), _definitions(mine)]
    return "\n".join(parts)


def _table(rows: list[dict]) -> str:
    present = {row["metric"] for row in rows}
    columns = [name for name in SHOWN if name in present] or sorted(present)[:8]
    values = {(row["method"], row["metric"]): row for row in rows}
    lines = [
        [method.replace("_", " "), *(_value(values.get((method, column))) for column in columns)]
        for method in dict.fromkeys(row["method"] for row in rows)
    ]
    frames = max(row.get("frames") or 0 for row in rows)
    sets = ", ".join(dict.fromkeys(str(row.get("dataset", "unnamed")) for row in rows))
    failures = max(row.get("failures") or 0 for row in rows)
    caption = f"Data set: {sets}. Frames: {frames}; without a detection, at most: {failures}."
    return figures.table(["method", *(name.replace("_", " ") for name in columns)], lines, caption)


def _definitions(rows: list[dict]) -> str:
    unique = {row["metric"]: row for row in rows if row["metric"] in SHOWN}
    missing = {row["method"]: row.get("reason") for row in rows if row.get("reason")}
    items = "".join(
        f"<li><code>{html.escape(name)}</code>: {html.escape(str(row.get('definition', '')))} "
        f"({html.escape(str(row.get('backend', '')))})</li>"
        for name, row in unique.items()
    )
    items += "".join(
        f"<li>no value of some metric for <code>{html.escape(method)}</code>: "
        f"{html.escape(reason)}</li>"
        for method, reason in missing.items()
    )
    return f"<details><summary>Definitions and back ends</summary><ul>{items}</ul></details>"


def _flat(values: dict, prefix: str = "") -> list[tuple[str, object]]:
    """Nested dictionaries as (dotted name, value)."""
    pairs = []
    for name, value in values.items():
        name = f"{prefix}{name}"
        pairs += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return pairs


def _read(file: Path) -> dict:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _value(row: dict | None) -> str:
    return "—" if row is None or row.get("value") is None else f"{row['value']:.4g}"


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
