"""Summaries of the measured face sizes of one run: sentences, a plot over time, a table."""

import math
from statistics import median

from ostnet.animation.outputs import LABELS
from ostnet.ui import markup

COLOURS = {
    "portrait": "#8b8d98",
    "driving": "#ab6400",
    "full": "#12a594",
    "no_transform": "#e5484d",
    "no_embedding": "#0090ff",
    "neither": "#8e4ec6",
}
"""Colour of every series and bar of the page, by its name in the trace."""

NAMES = {"portrait": "portrait", "driving": "driving clip", **LABELS}
"""Name in the trace -> name in the chart."""

STYLES = {
    "portrait": (1.0, "4 4"),
    "driving": (2.0, ""),
    "neither": (2.4, ""),
    "no_transform": (1.4, "6 5"),
    "full": (3.6, ""),
    "no_embedding": (1.4, "6 5"),
}
"""Width and dashes of the lines, in drawing order; lines that coincide are both visible."""

LEVEL = 1.1
"""Factor up to which a driving face counts as large as the portrait's."""


def face_sizes(document: dict, name: str) -> list[float]:
    """Return the face size of the driving clip or a variant per frame; the portrait's is 1.

    It is the geometric mean of both axes' keypoint spread, divided by the portrait's.
    """
    source = document["source"]
    sizes = []
    for frame in document["frames"]:
        face = frame["driving"] if name == "driving" else frame["variants"][name]
        area = face["sigma_x"] * face["sigma_y"]
        sizes.append(math.sqrt(area / max(source["sigma_x"] * source["sigma_y"], 1e-12)))
    return sizes


def off_by(document: dict, name: str) -> float:
    """Return the median over the frames of the deviation from the portrait's size; .02 is 2 %."""
    sizes = (max(size, 1e-6) for size in face_sizes(document, name))
    return median(math.expm1(abs(math.log(size))) for size in sizes)


def scale_error(document: dict, name: str) -> float:
    """Return the median over the frames of max over the axes of |ln(sigma / the portrait's)|.

    Pose is not matched: a turned head is narrower than the portrait and counts as an error.
    """
    source = document["source"]
    return median(
        max(abs(math.log(max(face[axis], 1e-6) / source[axis])) for axis in source)
        for face in (frame["variants"][name] for frame in document["frames"])
    )


def chart(document: dict) -> str:
    """Return the face sizes of driving clip and variants over time as an HTML plot."""
    frames = len(document["frames"])
    sizes = {name: face_sizes(document, name) for name in ("driving", *variants(document))}
    sizes["portrait"] = [1.0] * frames
    series = [
        markup.Line(NAMES[name], sizes[name], COLOURS[name], *style)
        for name, style in STYLES.items()
        if name in sizes
    ]
    title = "Face size over time (portrait = 1)"
    return markup.line_plot(title, series, frames / document["fps"])


def number_rows(document: dict) -> list[list[str]]:
    """Return a row per variant: label, median face size, its deviation, that of the worse axis."""
    rows = []
    for name in variants(document):
        size = median(face_sizes(document, name))
        worse = math.expm1(scale_error(document, name))
        rows.append([LABELS[name], f"{size:.2f}\u00a0×", percent(off_by(document, name)),
                     percent(worse)])  # fmt: skip
    return rows


def driver(document: dict) -> str:
    """Return how large the driving face is, in words."""
    sizes = face_sizes(document, "driving")
    low, middle, high = min(sizes), median(sizes), max(sizes)
    if high > LEVEL**3 * max(low, 1e-6):
        return f"The driver's face is between {low:.1f} and {high:.1f} times the portrait's"
    if 1 / LEVEL < middle < LEVEL:
        return f"The driver's face is as large as the portrait's ({middle:.2f} times)"
    where = "too near" if middle > 1 else "too far"
    return f"The driver sits {where}: a face {middle:.1f} times the portrait's"


def headline(document: dict) -> str:
    """Return how far the face size is off with OSTNet and without it, in words."""
    errors = {name: off_by(document, name) for name in variants(document)}
    start = driver(document)
    if {"full", "neither"} <= errors.keys():
        return (
            f"{start}. With OSTNet the result's face is {percent(errors['full'])} off the "
            f"portrait's size, without it {percent(errors['neither'])}."
        )
    name, error = next(iter(errors.items()))
    return f"{start}. The result ({LABELS[name]}) is {percent(error)} off the portrait's size."


def verdict(document: dict) -> str:
    """Return which variant keeps the portrait's face size best on this clip, in words."""
    errors = {name: off_by(document, name) for name in variants(document)}
    if len(errors) < 2:
        return ""
    ranked = sorted(errors, key=lambda name: (errors[name], name))
    shown = {name: percent(errors[name]) for name in ranked}
    best = [name for name in ranked if shown[name] == shown[ranked[0]]]
    text = f"Nearest to the portrait's size on this clip: {_list(best)}, {shown[best[0]]} off"
    if "full" not in best:
        text += f"; OSTNet (full) {shown['full']}" if "full" in shown else ""
    return text + "."


def variants(document: dict) -> list[str]:
    """Return the names of the variants that were rendered."""
    return list(document["frames"][0]["variants"])


def percent(share: float) -> str:
    """Return a share as text: 2.1 % below ten, 24 % above."""
    return f"{100 * share:.1f}\u00a0%" if share < 0.0995 else f"{100 * share:.0f}\u00a0%"


def _list(names: list[str]) -> str:
    words = [LABELS[name] for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
