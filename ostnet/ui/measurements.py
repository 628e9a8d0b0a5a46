"""Sentences and plots made of the measurements beside the weights."""

import hashlib
import html
import json
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ostnet.animation.panes import LABELS
from ostnet.hub.downloads import WEIGHTS
from ostnet.methods import VARIANTS
from ostnet.ui import markup
from ostnet.ui.charts import COLOURS

METRICS = "metrics.json"
E = "scale_error_median"
"""The metric of the switches: the larger axis of |ln(sigma(result) / sigma(truth))|, median."""


@dataclass(frozen=True)
class Measured:
    """One figure with its 95 % interval."""

    value: float
    low: float
    high: float
    frames: int


class Measurements:
    """The rows of a checkpoint's metrics.json, if they are of exactly these weights."""

    def __init__(self, folder: Path):
        self._rows: dict[tuple, dict] = {}
        with suppress(OSError, ValueError, KeyError, TypeError):  # not measured: nothing is claimed
            document = json.loads((folder / METRICS).read_text(encoding="utf-8"))
            if digest(folder) in document["settings"]["checkpoint"]:
                self._rows = {
                    (row["protocol"], row["method"], row["metric"]): row
                    for row in document["rows"]
                    if row.get("value") is not None and "condition" not in row
                }

    def get(self, protocol: str, method: str, metric: str) -> Measured | None:
        """The figure, where it was measured on these weights."""
        row = self._rows.get((protocol, method, metric))
        if row is None:
            return None
        value = row["value"]
        low, high = row.get("low"), row.get("high")
        return Measured(
            value,
            value if low is None else low,
            value if high is None else high,
            row.get("frames") or 0,
        )


def digest(folder: Path) -> str:
    """The first digits of the weights' SHA-256, as reports name them; they tell weights apart."""
    try:
        return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:12]
    except OSError:
        return "no weights"


def transform_effect(measured: Measurements) -> str:
    """What the scale transformation does to the face's size, in one sentence."""
    return _compared(measured, "no_transform")


def embedding_effect(measured: Measurements) -> str:
    """What the scale embedding does to the face's size, and to mouths and eyelids."""
    return _compared(measured, "no_embedding") + _opened(measured, "no_embedding")


def percent(error: float) -> str:
    """A scale error, |ln|, as a share: .030 is 3.0 %."""
    share = math.expm1(error)
    return f"{100 * share:.1f}\u00a0%" if share < 0.0995 else f"{100 * share:.0f}\u00a0%"


def _compared(measured: Measurements, without: str) -> str:
    on = measured.get("different-scale", "full", E)
    off = measured.get("different-scale", without, E)
    if on is None or off is None:
        return "Its effect has not been measured on these weights."
    figures = f"{percent(on.value)} off with it, {percent(off.value)} without"
    if on.low <= off.value <= on.high or off.low <= on.value <= off.high:
        return f"In these weights it makes no measurable difference to the face's size: {figures}."
    return f"Measured on these weights, at the driver's head pose: face size {figures}."


def _opened(measured: Measurements, without: str) -> str:
    """How far mouths and eyelids move against the truth's; empty where that was not measured."""
    said = []
    for metric, words in (("mouth_slope", "mouths open"), ("eyelid_slope", "eyelids move")):
        on = measured.get("different-scale", "full", metric)
        off = measured.get("different-scale", without, metric)
        if on is not None and off is not None:
            said.append(f"{words} {on.value:.2f} times as far with it, {off.value:.2f} without")
    return f" Against the driver's, {'; '.join(said)}." if said else ""


OTHER = "#8b8d98"
"""Colour of what is no variant."""


def claims(measured: Measurements) -> str:
    """As HTML; empty where nothing was measured on these weights.

    What a claim says follows from the figures: if they turn, it turns.
    """
    made = [
        _size_where_scales_differ(measured),
        _size_where_none_differs(measured),
        _openings(measured),
    ]
    articles = "".join(f"<article>{one}</article>" for one in made if one)
    return f'<div class="claims">{articles}</div>' if articles else ""


def _size_where_scales_differ(measured: Measurements) -> str:
    full, neither = (measured.get("different-scale", name, E) for name in ("full", "neither"))
    if full is None or neither is None:
        return ""
    holds = full.high < neither.low
    says = (
        "keeps the portrait's face size" if holds else "does not keep the portrait's face size"
    ) + f": {percent(full.value)} off, {percent(neither.value)} without it"
    return _claim(
        f"Where the driver sits nearer or farther, OSTNet {says}.",
        _sizes(measured, "different-scale", "Face size off by, driver at another distance, %"),
        full,
    )


def _size_where_none_differs(measured: Measurements) -> str:
    full, plain = (measured.get("same-scale", name, E) for name in ("full", "no_transform"))
    if full is None or plain is None:
        return ""
    if plain.value < full.value:
        says = "leaving the scale transformation out is nearer"
    else:
        says = "the scale transformation costs nothing"
    return _claim(
        f"Where the distance is the same, {says}: {percent(full.value)} off with it, "
        f"{percent(plain.value)} without.",
        _sizes(measured, "same-scale", "Face size off by, driver at the same distance, %"),
        full,
    )


def _openings(measured: Measurements) -> str:
    parts = {"mouth": "mouth_slope", "eyelids": "eyelid_slope"}
    protocols = {"different-scale": "same person", "cross-identity": "another person"}
    bars, first = [], []
    for protocol, who in protocols.items():
        for part, metric in parts.items():
            found = measured.get(protocol, "full", metric)
            if found:
                first.append(found)
                bars.append(_bar(f"{part}, {who}", found, COLOURS["full"], 100))
    if len(bars) < 2:
        return ""
    mouth, lids = first[:2]
    return _claim(
        f"Mouths open {100 * mouth.value:.0f}\u00a0% as far as the driver's, eyelids "
        f"{100 * lids.value:.0f}\u00a0%.",
        markup.bar_chart("How far they open, the truth being 100 %", bars, ".0f", target=100),
        *first,
    )


def _sizes(measured: Measurements, protocol: str, title: str) -> str:
    bars = []
    for name in (*VARIANTS, "closed_form", "copy_source"):
        found = measured.get(protocol, name, E)
        if found:
            label = LABELS.get(name, name.replace("_", " "))
            scaled = Measured(*map(_share, (found.value, found.low, found.high)), found.frames)
            bars.append(_bar(label, scaled, COLOURS.get(name, OTHER), 1))
    return markup.bar_chart(title, bars, ".1f")


def _bar(name: str, found: Measured, colour: str, times: float) -> markup.Bar:
    return markup.Bar(name, found.value * times, colour, found.low * times, found.high * times)


def _share(error: float) -> float:
    """A scale error, |ln|, in per cent."""
    return 100 * math.expm1(error)


def _claim(sentence: str, figure: str, *found: Measured) -> str:
    counts = " and ".join(dict.fromkeys(str(one.frames) for one in found))
    note = f"{counts} frames of people not trained on; whiskers: 95 % intervals."
    return f'<h3>{html.escape(sentence)}</h3>{figure}<p class="fine">{note}</p>'
