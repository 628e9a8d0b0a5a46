"""Line plots and bars as HTML: light, in the page's own colours, and read out by screen readers.

Lines are drawn in an SVG that stretches with its frame; all letters are HTML and do not.
"""

import html
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One series of a line plot."""

    name: str
    values: list[float]
    colour: str
    width: float = 1.5
    dashes: str = ""
    """As in SVG, in pixels; empty: drawn through."""


@dataclass(frozen=True)
class Bar:
    """One bar, with its 95 % interval if there is one."""

    name: str
    value: float
    colour: str
    low: float | None = None
    high: float | None = None


def lines(title: str, series: list[Line], seconds: float, unit: str = "s") -> str:
    """Series of equal length over ``seconds``, later ones above earlier ones, with a play head."""
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
        f'<u class="head"></u></div><div class="axis">{marks}<em>{unit}</em></div>'
        f'<ul class="keys">{keys}</ul></figure>'
    )


def bars(title: str, series: list[Bar], form: str = ".3g", target: float | None = None) -> str:
    """Horizontal bars under each other with their values; ``target`` is a line to be reached."""
    tops = [bar.high if bar.high is not None else bar.value for bar in series]
    most = 1.02 * max([*tops, target or 0, 1e-9])

    def share(value: float) -> float:
        return 100 * max(0.0, value) / most

    rows = []
    for bar in series:
        whisker = ""
        if bar.low is not None and bar.high is not None:
            left, right = share(bar.low), share(bar.high)
            whisker = f'<u style="left:{left:.1f}%;width:{right - left:.1f}%"></u>'
        goal = "" if target is None else f'<q style="left:{share(target):.1f}%"></q>'
        rows.append(
            f"<dt>{html.escape(bar.name)}</dt><dd><div>"
            f'<s style="width:{share(bar.value):.1f}%;background:{bar.colour}"></s>{whisker}{goal}'
            f"</div><b>{bar.value:{form}}</b></dd>"
        )
    return (
        f'<figure class="bars"><figcaption>{html.escape(title)}</figcaption>'
        f"<dl>{''.join(rows)}</dl></figure>"
    )


def _points(values: list[float], down) -> str:
    last = max(1, len(values) - 1)
    return " ".join(f"{100 * i / last:.2f},{down(value):.2f}" for i, value in enumerate(values))


def _ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers from the last one at or below ``low`` up to ``high``."""
    span = max(high - low, 1e-3)
    rough = span / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.floor(low / step + 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [round((first + i) * step, 6) for i in range(max(2, count))]
