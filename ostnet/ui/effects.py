"""What each switch does in the weights of this page, from the measurements beside them."""

import hashlib
import json
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ostnet.hub.downloads import WEIGHTS

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


def of_transform(measured: Measurements) -> str:
    """What the scale transformation does to the face's size, in one sentence."""
    return _compared(measured, "no_transform")


def of_embedding(measured: Measurements) -> str:
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
