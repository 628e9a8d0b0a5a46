"""HTML of the page: figures, notes, tables, plots and the video player.

Every picture has a caption and an alternative text. Lines of a plot are an SVG that stretches with
its frame; all text is HTML, which is not stretched.
"""

import base64
import html
import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image

STATIC = Path(__file__).parent / "static"
"""Style sheets, scripts and drawings of the page."""


def static(name: str) -> str:
    """Return the text of a file of `STATIC`."""
    return (STATIC / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Figure:
    """A picture with its caption."""

    picture: np.ndarray
    """uint8 (H, W, 3)."""
    caption: str
    alt: str
    """Alternative text for screen readers."""


def row(figures: list[Figure], least: int = 150) -> str:
    """Return figures side by side, each at least ``least`` pixels wide where the page allows it."""
    return beside([cell(one) for one in figures], least)


def cell(one: Figure) -> str:
    """Return one figure."""
    return (
        f'<figure><img src="{data_uri(one.picture)}" alt="{html.escape(one.alt, quote=True)}">'
        f"<figcaption>{html.escape(one.caption)}</figcaption></figure>"
    )


def beside(cells: list[str], least: int = 150) -> str:
    """Return figures that are HTML already side by side, as :func:`row` does."""
    return f'<div class="figures" style="--least:{least}px">{"".join(cells)}</div>'


def without_paths(message: object) -> str:
    """Return a message with names of files instead of their paths, which visitors must not see."""
    quoted = re.sub(r"(?<=['\"])/[^'\"]*/(?=[^/'\"]+['\"])", "", str(message))
    return re.sub(r"(?<![\w.:/])/(?:[^/\s'\"]+/)+(?=[^/\s'\"])", "", quoted)


def note(text: str, kind: str = "info") -> str:
    """Return a remark in a box; ``kind`` is info, warn or good. A warning shows no path."""
    text = without_paths(text) if kind == "warn" else text
    role = "alert" if kind == "warn" else "status"
    return f'<p class="note {kind}" role="{role}">{html.escape(text)}</p>'


def stand_in(what: str, picture: np.ndarray) -> str:
    """Return a hidden remark that a browser cannot show a file, with a still of it.

    ``stand_in.js`` shows it where that is so.

    Args:
        what: "play this clip" or "show this picture".
        picture: uint8 (H, W, 3).
    """
    return (
        f'<p class="note stand-in" role="status" hidden data-still="{data_uri(picture, 320)}">'
        f"Your browser cannot {what}; it will be animated all the same.</p>"
    )


def fine(text: str) -> str:
    """Return a line in small print."""
    return f'<p class="fine">{html.escape(text)}</p>'


def folded(title: str, body: str) -> str:
    """Return HTML that opens at a click on its title."""
    return f"<details><summary>{html.escape(title)}</summary>{body}</details>"


def progress(done: int, total: int, text: str) -> str:
    """Return a progress bar with a text under it."""
    return (
        f'<div class="progress"><progress value="{done}" max="{total}" aria-label="frames done">'
        f'</progress><p role="status">{html.escape(text)}</p></div>'
    )


def table(head: list[str], rows: list[list[str]], caption: str) -> str:
    """Return a table whose first column names its rows."""
    named = html.escape(caption or "Table", quote=True)
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="table" role="region" tabindex="0" aria-label="{named}"><table>'
        f"<caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def data_uri(picture: np.ndarray, most: int = 1040) -> str:
    """Return a picture as a JPEG data URI, at most ``most`` pixels wide.

    A data URI leaves no file that would have to be deleted.
    """
    buffer, image = io.BytesIO(), Image.fromarray(picture)
    image.thumbnail((most, 4 * most), Image.Resampling.BILINEAR, reducing_gap=2)
    image.save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


@dataclass(frozen=True)
class Line:
    """One series of a line plot."""

    name: str
    values: list[float]
    colour: str
    width: float = 1.5
    dashes: str = ""
    """Dash lengths in pixels, as in SVG; empty: a solid line."""


@dataclass(frozen=True)
class Bar:
    """One bar with its 95 % interval."""

    name: str
    value: float
    colour: str
    low: float
    high: float


def line_plot(title: str, series: list[Line], seconds: float) -> str:
    """Return a plot of series of equal length over ``seconds``, with a play head.

    Later series are drawn over earlier ones.
    """
    values = [value for line in series for value in line.values]
    ticks = _ticks(min(values), max(values))
    low, high = min(ticks[0], min(values)), max(ticks[-1], max(values))
    room = 0.04 * (high - low)
    low, high = low - room, high + room

    def down(value: float) -> float:
        return 100 * (high - value) / (high - low)

    paths = "".join(
        f'<polyline points="{_points(line.values, down)}" stroke="{line.colour}" '
        f'stroke-width="{line.width}" stroke-dasharray="{line.dashes}"/>'
        for line in series
    )
    rules = "".join(f'<i style="top:{down(tick):.2f}%">{tick:g}</i>' for tick in ticks)
    marks = "".join(
        f'<b style="left:{100 * at / seconds:.2f}%">{at:g}</b>'
        for at in _ticks(0, seconds)
        if at < 0.97 * seconds  # room for the unit
    )
    keys = "".join(
        f'<li style="--key:{line.colour}"><s></s>{html.escape(line.name)}</li>' for line in series
    )
    said = html.escape(f"{title}: {', '.join(line.name for line in series)}", quote=True)
    return (
        f'<figure class="plot"><figcaption>{html.escape(title)}</figcaption>'
        f'<div class="frame" role="img" aria-label="{said}" data-seconds="{seconds:.4f}">{rules}'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{paths}</svg>'
        f'<u class="head"></u></div><div class="axis">{marks}<em>s</em></div>'
        f'<ul class="keys">{keys}</ul></figure>'
    )


def bar_chart(title: str, series: list[Bar], form: str, target: float | None = None) -> str:
    """Return horizontal bars with their values; ``target`` is marked by a dotted line."""
    most = 1.02 * max([*(bar.high for bar in series), target or 0, 1e-9])

    def share(value: float) -> float:
        return 100 * max(0.0, value) / most

    rows, goal = [], "" if target is None else f'<q style="left:{share(target):.1f}%"></q>'
    for bar in series:
        left, right = share(bar.low), share(bar.high)
        rows.append(
            f"<dt>{html.escape(bar.name)}</dt><dd><div>"
            f'<s style="width:{share(bar.value):.1f}%;background:{bar.colour}"></s>'
            f'<u style="left:{left:.1f}%;width:{right - left:.1f}%"></u>{goal}'
            f"</div><b>{bar.value:{form}}</b></dd>"
        )
    return (
        f'<figure class="bars"><figcaption>{html.escape(title)}</figcaption>'
        f"<dl>{''.join(rows)}</dl></figure>"
    )


def _points(values: list[float], down: Callable[[float], float]) -> str:
    last = max(1, len(values) - 1)
    return " ".join(f"{100 * i / last:.2f},{down(value):.2f}" for i, value in enumerate(values))


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers from the last one at or below ``low`` up to ``high``."""
    span = max(high - low, 1e-3)
    rough = span / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.floor(low / step + 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [round((first + i) * step, 6) for i in range(max(2, count))]


NARROW = 600
"""Width in pixels up to which a window gets the version with two columns."""

_BUTTONS = (
    ("-1", "◀ frame", "one frame back (key ,)"),
    ("0", "play / pause", "play or pause (key k)"),
    ("1", "frame ▶", "one frame on (key .)"),
)


def player(
    wide: Path,
    fps: float,
    narrow: Path | None = None,
    about: str = "",
    caption: str = "",
    sound: bool = False,
) -> str:
    """Return a looping video with buttons for single frames.

    ``narrow`` is shown instead of ``wide`` in narrow windows; ``about`` is for screen readers.
    """
    sources = [f'<source src="{_address(wide)}" type="video/mp4">']
    if narrow is not None:
        sources.insert(
            0, f'<source src="{_address(narrow)}" type="video/mp4" media="(max-width: {NARROW}px)">'
        )
    buttons = "".join(
        f'<button type="button" data-step="{step}" title="{title}">{label}</button>'
        for step, label, title in _BUTTONS
    )
    return (
        f'<div class="player" data-fps="{fps:.6f}">'
        f'<video {"" if sound else "muted "}autoplay loop playsinline controls preload="auto" '
        f'aria-label="{html.escape(about, quote=True)}">{"".join(sources)}</video>'
        f'<div class="steps">{buttons}<output></output>'
        f"<span>{html.escape(caption)}</span></div></div>"
    )


def _address(file: Path) -> str:
    """Return where Gradio serves a file of its cache or of a static folder."""
    return f"gradio_api/file={quote(str(file))}"
