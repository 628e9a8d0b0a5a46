"""The Results tab: three claims, then the findings and reports beside the weights."""

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
from ostnet.ui.measurements import METRICS, Measurements, claims

FINDINGS = "evaluation/findings.md"
"""File below the checkpoint that describes the measurements, with plots beside it."""

SHOWN = (
    "scale_error_median", "scale_error_p90", "scale_error_matched_median", "l1", "ssim", "psnr",
    "akd", "csim_dlib", "mouth_correlation", "yaw_correlation",
)  # fmt: skip
"""Metrics of the tables, where a report has them; every other value is in the file."""

MOST_CONDITIONED = 4
"""Tables by condition of one protocol, a metric each."""


def build(tab: gr.Tab, folder: Path) -> None:
    """Lay the tab out; a checkpoint's folder is read when the tab is opened."""
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
    """Target of links to it."""
    title: str
    body: str

    @property
    def html(self) -> str:
        """Return the section as HTML."""
        return (
            f'<details id="{self.name}"><summary><h3>{html.escape(self.title)}</h3></summary>'
            f"{self.body}</details>"
        )


def contents(named: list[tuple[str, str]]) -> str:
    """Return links to the parts of the tab, each given as (name, title)."""
    items = "".join(f'<li><a href="#{name}">{html.escape(title)}</a></li>' for name, title in named)
    return f'<nav class="contents" aria-label="Contents"><ul>{items}</ul></nav>'


def findings_markdown(file: Path) -> str:
    """Return a file's text with its pictures as data URIs; empty where there is no file."""
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
    """Return a section per protocol of metrics.json and of every report.json[.gz] of a folder."""
    reports = sorted([*folder.rglob("report.json"), *folder.rglob("report.json.gz")])
    files = [folder / METRICS, *reports]
    parts = [part for file in files if file.is_file() for part in _report(file, folder)]
    return [Section(f"report-{n}", title, body) for n, (title, body) in enumerate(parts)]


def _report(file: Path, folder: Path) -> list[tuple[str, str]]:
    """Return (title, tables) of each of a report's protocols and of its settings."""
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
        parts = []
        if plain:
            columns = _metrics(plain, len(SHOWN))
            parts += [_table(plain, "method", columns, "metric", _caption(plain))]
            parts += [_definitions(plain)]
        if conditioned:
            parts.append(_by_condition(conditioned))
        made.append((protocol.replace("-", " ").capitalize(), "\n".join(parts)))
    settings = [[name, _plain(value)] for name, value in _flat(document.get("settings", document))]
    if settings:
        made.append((f"Settings of {name}", markup.table(["setting", "value"], settings, "")))
    return made


def _metrics(rows: list[dict], most: int) -> list[str]:
    """Return the metrics to show: those of `SHOWN` that have a value, else the first that have."""
    valued = dict.fromkeys(row["metric"] for row in rows if row.get("value") is not None)
    valued = valued or dict.fromkeys(row["metric"] for row in rows)
    return ([name for name in SHOWN if name in valued] or list(valued))[:most]


def _table(rows: list[dict], down: str, columns: list[str], across: str, caption: str) -> str:
    """Return a table of values with a line per value of column ``down`` of the report."""
    values = {(row[down], row[across]): row for row in rows}
    lines = [
        [
            _words(name) if down == "method" else name,
            *(_value(values.get((name, c))) for c in columns),
        ]
        for name in dict.fromkeys(row[down] for row in rows)
    ]
    return markup.table([down, *map(_words, columns)], lines, caption)


def _by_condition(rows: list[dict]) -> str:
    """Return one table per metric, folded: a line per condition, a column per method."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    tables = []
    for metric in _metrics(rows, MOST_CONDITIONED):
        mine = [row for row in rows if row["metric"] == metric]
        caption = f"{_words(metric)}. {_caption(mine)}"
        tables += [_table(mine, "condition", methods, "method", caption), _definitions(mine)]
    return markup.folded("By condition", "".join(tables))


def _caption(rows: list[dict]) -> str:
    sets = ", ".join(dict.fromkeys(str(row.get("dataset", "unnamed")) for row in rows))
    frames = max(row.get("frames") or 0 for row in rows)
    failures = max(row.get("failures") or 0 for row in rows)
    return f"Data set: {sets}. Frames: {frames}; without a detection, at most: {failures}."


def _definitions(rows: list[dict]) -> str:
    """Return how each metric is defined, and why a value is missing, as a folded list."""
    unique = {row["metric"]: row for row in rows if row["metric"] in SHOWN}
    items = [
        f"<code>{html.escape(name)}</code>: {html.escape(str(row.get('definition', '')))} "
        f"({html.escape(str(row.get('backend', '')))})"
        for name, row in unique.items()
    ]
    items += [
        f"no value of some metric for <code>{html.escape(method)}</code>: {html.escape(reason)}"
        for method, reason in {
            row["method"]: row["reason"] for row in rows if row.get("reason")
        }.items()
    ]
    body = "".join(f"<li>{item}</li>" for item in items)
    return markup.folded("Definitions and back ends", f"<ul>{body}</ul>")


def _flat(values: dict, prefix: str = "") -> list[tuple[str, object]]:
    """Return nested dictionaries as (dotted name, value)."""
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


def _words(name: str) -> str:
    return name.replace("_", " ")
