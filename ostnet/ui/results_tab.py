"""The Results tab: three claims, then findings and reports beside the weights, as they are."""

import base64
import gzip
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ostnet.ui import markup, text
from ostnet.ui.engine import PRIVATE
from ostnet.ui.measurements import Measurements, claims

FINDINGS = "evaluation/findings.md"
"""Below the checkpoint: what the measurements say, in words, with plots beside it."""

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

MOST_CONDITIONED = 4
"""Tables of one protocol by condition, a metric each."""


def build(tab: gr.Tab, folder: Path) -> None:
    """Claims, findings and tables of a checkpoint's folder; read when the tab is opened."""
    gr.Markdown(text.RESULTS)
    opening = gr.HTML(elem_id="claims", min_height=200)
    with gr.Accordion("What was found, in full", open=False, elem_id="found"):
        findings = gr.Markdown(elem_id="findings", sanitize_html=False)
    reports = gr.HTML(elem_id="reports")

    def read() -> tuple[str, str, str]:
        tables = sections(folder)
        named = [("found", "What was found, in full"), *((one.name, one.title) for one in tables)]
        return (
            claims(Measurements(folder)) + contents(named),
            findings_markdown(folder / FINDINGS),
            "\n".join(one.html for one in tables) or markup.note(text.NO_REPORT),
        )

    tab.select(read, None, [opening, findings, reports], show_progress="hidden", **PRIVATE)


@dataclass(frozen=True)
class Section:
    """A folded part of the tab."""

    name: str
    """For links to it."""
    title: str
    body: str

    @property
    def html(self) -> str:
        """Folded."""
        return (
            f'<details id="{self.name}"><summary><h3>{html.escape(self.title)}</h3></summary>'
            f"{self.body}</details>"
        )


def contents(named: list[tuple[str, str]]) -> str:
    """Links to the parts of the tab, each (name, title)."""
    items = "".join(f'<li><a href="#{name}">{html.escape(title)}</a></li>' for name, title in named)
    return f'<nav class="contents" aria-label="Contents"><ul>{items}</ul></nav>'


def findings_markdown(file: Path) -> str:
    """The text of a file with the pictures that lie beside it inside; empty where there is none."""
    if not file.is_file():
        return ""

    def inside(match: re.Match) -> str:
        picture = file.parent / match[2]
        if not picture.is_file():
            return match[1]
        kind = "png" if picture.suffix == ".png" else "jpeg"
        data = base64.b64encode(picture.read_bytes()).decode()
        return f"![{match[1]}](data:image/{kind};base64,{data})"

    return re.sub(r"!\[([^]]*)\]\(([\w.-]+\.(?:png|jpg))\)", inside, file.read_text("utf-8"))


def sections(folder: Path) -> list[Section]:
    """A section per protocol of metrics.json and of every report.json[.gz] of a folder."""
    reports = sorted([*folder.rglob("report.json"), *folder.rglob("report.json.gz")])
    files = [folder / "metrics.json", *reports]
    parts = [part for file in files if file.is_file() for part in _report(file, folder)]
    return [Section(f"report-{n}", title, body) for n, (title, body) in enumerate(parts)]


def _report(file: Path, folder: Path) -> list[tuple[str, str]]:
    """(title, tables) of a report's protocols and of its settings."""
    document = _read(file)
    name = str(file.relative_to(folder))
    rows = document.pop("rows", [])
    if not document and not rows:
        return [(name, markup.note(f"{name} cannot be read or is empty.", "warn"))]
    made = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        mine = [row for row in rows if row["protocol"] == protocol]
        conditioned = [row for row in mine if "condition" in row]
        plain = [row for row in mine if "condition" not in row]
        parts = [_table(plain), _definitions(plain)] if plain else []
        if conditioned:
            parts.append(_by_condition(conditioned))
        made.append((protocol.replace("-", " ").capitalize(), "\n".join(parts)))
    settings = [[name, _plain(value)] for name, value in _flat(document.get("settings", document))]
    if settings:
        made.append((f"Settings of {name}", markup.table(["setting", "value"], settings, "")))
    return made


def _metrics(rows: list[dict], most: int) -> list[str]:
    """The metrics to show: the chosen ones that have a value, else the first that have."""
    valued = dict.fromkeys(row["metric"] for row in rows if row.get("value") is not None)
    valued = valued or dict.fromkeys(row["metric"] for row in rows)
    return ([name for name in SHOWN if name in valued] or list(valued))[:most]


def _table(rows: list[dict]) -> str:
    columns = _metrics(rows, len(SHOWN))
    values = {(row["method"], row["metric"]): row for row in rows}
    lines = [
        [method.replace("_", " "), *(_value(values.get((method, column))) for column in columns)]
        for method in dict.fromkeys(row["method"] for row in rows)
    ]
    head = ["method", *(name.replace("_", " ") for name in columns)]
    return markup.table(head, lines, _caption(rows))


def _by_condition(rows: list[dict]) -> str:
    """One table per metric, closed at first: a line per condition, a column per method."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    head = ["condition", *(method.replace("_", " ") for method in methods)]
    tables = []
    for metric in _metrics(rows, MOST_CONDITIONED):
        mine = [row for row in rows if row["metric"] == metric]
        values = {(row["condition"], row["method"]): row for row in mine}
        lines = [
            [condition, *(_value(values.get((condition, method))) for method in methods)]
            for condition in conditions
        ]
        caption = f"{metric.replace('_', ' ')}. {_caption(mine)}"
        tables += [markup.table(head, lines, caption), _definitions(mine)]
    return f"<details><summary>By condition</summary>{''.join(tables)}</details>"


def _caption(rows: list[dict]) -> str:
    sets = ", ".join(dict.fromkeys(str(row.get("dataset", "unnamed")) for row in rows))
    frames = max(row.get("frames") or 0 for row in rows)
    failures = max(row.get("failures") or 0 for row in rows)
    return f"Data set: {sets}. Frames: {frames}; without a detection, at most: {failures}."


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
        data = file.read_bytes()
        values = json.loads(gzip.decompress(data) if file.suffix == ".gz" else data)
    except (OSError, ValueError, EOFError):
        return {}
    return values if isinstance(values, dict) else {}


def _value(row: dict | None) -> str:
    return "—" if row is None or row.get("value") is None else f"{row['value']:.4g}"


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
