"""What the measurements beside the weights come to: three claims, each with its plot."""

import html
import math

from ostnet.animation.panes import LABELS
from ostnet.methods import VARIANTS
from ostnet.ui import plot
from ostnet.ui.charts import COLOURS
from ostnet.ui.effects import E, Measured, Measurements, percent

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
        plot.bars("How far they open, the truth being 100 %", bars, ".0f", target=100),
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
    return plot.bars(title, bars, ".1f")


def _bar(name: str, found: Measured, colour: str, times: float) -> plot.Bar:
    return plot.Bar(name, found.value * times, colour, found.low * times, found.high * times)


def _share(error: float) -> float:
    """A scale error, |ln|, in per cent."""
    return 100 * math.expm1(error)


def _claim(sentence: str, figure: str, *found: Measured) -> str:
    counts = " and ".join(dict.fromkeys(str(one.frames) for one in found))
    note = f"{counts} frames of people not trained on; whiskers: 95 % intervals."
    return f'<h3>{html.escape(sentence)}</h3>{figure}<p class="fine">{note}</p>'
