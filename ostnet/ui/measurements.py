"""Sentences and plots made of the measurements beside the weights."""

import hashlib
import html
import json
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ostnet.animation.outputs import LABELS
from ostnet.hub.downloads import WEIGHTS
from ostnet.methods import VARIANTS
from ostnet.ui import markup
from ostnet.ui.charts import COLOURS, percent

METRICS = "metrics.json"
E = "scale_error_median"
"""Metric of the switches: median of the larger axis of |ln(sigma(result) / sigma(truth))|."""

OTHER = "#8b8d98"
"""Colour of methods that are no variant."""


@dataclass(frozen=True)
class Measured:
    """One value with its 95 % interval."""

    value: float
    low: float
    high: float
    frames: int

    def bar(self, name: str, colour: str, times: float = 1) -> markup.Bar:
        """Return a bar of so many times the value."""
        return markup.Bar(name, self.value * times, colour, self.low * times, self.high * times)

    @property
    def size(self) -> str:
        """Return the value, a scale error |ln|, as a share: .030 is 3.0 %."""
        return percent(math.expm1(self.value))


class Measurements:
    """The rows of a checkpoint's metrics.json if they are of exactly these weights."""

    def __init__(self, folder: Path):
        self._rows: dict[tuple, dict] = {}
        with suppress(OSError, ValueError, KeyError, TypeError):  # no measurements: no sentences
            document = json.loads((folder / METRICS).read_text(encoding="utf-8"))
            if digest(folder) in document["settings"]["checkpoint"]:
                self._rows = {
                    (row["protocol"], row["method"], row["metric"]): row
                    for row in document["rows"]
                    if row.get("value") is not None and "condition" not in row
                }

    def get(self, protocol: str, method: str, metric: str = E) -> Measured | None:
        """Return a value; None where it was not measured on these weights."""
        row = self._rows.get((protocol, method, metric))
        if row is None:
            return None
        value = row["value"]
        low, high = (value if row.get(end) is None else row[end] for end in ("low", "high"))
        return Measured(value, low, high, row.get("frames") or 0)


def digest(folder: Path) -> str:
    """Return the first digits of the weights' SHA-256, as reports name them."""
    try:
        return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:12]
    except OSError:
        return "no weights"


def transform_effect(measured: Measurements) -> str:
    """Return a sentence on what the scale transformation does to the face's size."""
    return _size_effect(measured, "no_transform")


def embedding_effect(measured: Measurements) -> str:
    """Return sentences on what the scale embedding does to face size, mouths and eyelids."""
    said = []
    for metric, words in (("mouth_slope", "mouths open"), ("eyelid_slope", "eyelids move")):
        on = measured.get("different-scale", "full", metric)
        off = measured.get("different-scale", "no_embedding", metric)
        if on is not None and off is not None:
            said.append(f"{words} {on.value:.2f} times as far with it, {off.value:.2f} without")
    opened = f" Compared with the driver's, {'; '.join(said)}." if said else ""
    return _size_effect(measured, "no_embedding") + opened


def _size_effect(measured: Measurements, without: str) -> str:
    on = measured.get("different-scale", "full")
    off = measured.get("different-scale", without)
    if on is None or off is None:
        return "Its effect has not been measured on these weights."
    values = f"{on.size} off with it, {off.size} without"
    if on.low <= off.value <= on.high or off.low <= on.value <= off.high:
        return f"In these weights it makes no measurable difference to the face's size: {values}."
    return f"Measured on these weights, at the driver's head pose: face size {values}."


def claims(measured: Measurements) -> str:
    """Return three claims with their plots as HTML; empty where nothing was measured.

    The text of a claim follows from the values.
    """
    made = [_different_scale(measured), _same_scale(measured), _openings(measured)]
    articles = "".join(f"<article>{one}</article>" for one in made if one)
    return f'<div class="claims">{articles}</div>' if articles else ""


def _different_scale(measured: Measurements) -> str:
    full, neither = (measured.get("different-scale", name) for name in ("full", "neither"))
    if full is None or neither is None:
        return ""
    keeps = "keeps" if full.high < neither.low else "does not keep"
    return _claim(
        f"Where the driver sits nearer or farther, OSTNet {keeps} the portrait's face size: "
        f"{full.size} off, {neither.size} without it.",
        _sizes(measured, "different-scale", "Face size off by, driver at another distance, %"),
        full,
    )


def _same_scale(measured: Measurements) -> str:
    full, plain = (measured.get("same-scale", name) for name in ("full", "no_transform"))
    if full is None or plain is None:
        return ""
    if plain.value < full.value:
        says = "the face size is more accurate without the scale transformation"
    else:
        says = "the scale transformation does not make the face size worse"
    return _claim(
        f"Where the distance is the same, {says}: {full.size} off with it, {plain.size} without.",
        _sizes(measured, "same-scale", "Face size off by, driver at the same distance, %"),
        full,
    )


def _openings(measured: Measurements) -> str:
    bars, found = [], []
    for protocol, who in (("different-scale", "same person"), ("cross-identity", "another person")):
        for part, metric in (("mouth", "mouth_slope"), ("eyelids", "eyelid_slope")):
            if one := measured.get(protocol, "full", metric):
                found.append(one)
                bars.append(one.bar(f"{part}, {who}", COLOURS["full"], 100))
    if len(bars) < 2:
        return ""
    mouth, lids = found[:2]
    return _claim(
        f"Mouths open {100 * mouth.value:.0f}\u00a0% as far as the driver's, eyelids "
        f"{100 * lids.value:.0f}\u00a0%.",
        markup.bar_chart("How far they open, the truth being 100 %", bars, ".0f", target=100),
        *found,
    )


def _sizes(measured: Measurements, protocol: str, title: str) -> str:
    bars = []
    for name in (*VARIANTS, "closed_form", "copy_source"):
        if found := measured.get(protocol, name):
            value, low, high = (math.expm1(one) for one in (found.value, found.low, found.high))
            colour, label = COLOURS.get(name, OTHER), LABELS.get(name, name.replace("_", " "))
            bars.append(Measured(value, low, high, found.frames).bar(label, colour, 100))
    return markup.bar_chart(title, bars, ".1f")


def _claim(sentence: str, figure: str, *found: Measured) -> str:
    counts = " and ".join(dict.fromkeys(str(one.frames) for one in found))
    note = f"{counts} frames of people not trained on; whiskers: 95 % intervals."
    return f'<h3>{html.escape(sentence)}</h3>{figure}<p class="fine">{note}</p>'
