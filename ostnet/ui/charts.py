"""Numbers of one run: face sizes over time, and a small table."""

import math
from statistics import median
from typing import TYPE_CHECKING

from ostnet.animation.panes import LABELS

if TYPE_CHECKING:
    import pandas

SERIES = {"portrait": "portrait", "driving": "driving clip", **LABELS}
"""Name in the trace -> name in the chart."""

COLOURS = {
    "portrait": "#8b8d98",
    "driving clip": "#ab6400",
    LABELS["full"]: "#12a594",
    LABELS["no_transform"]: "#e5484d",
    LABELS["no_embedding"]: "#0090ff",
    LABELS["neither"]: "#8e4ec6",
}


def face_sizes(document: dict, name: str) -> list[float]:
    """Per frame, the size of the driving face or of one variant's, in portrait faces.

    The geometric mean of both axes' keypoint spread, divided by the portrait's.
    """
    source = document["source"]
    sizes = []
    for frame in document["frames"]:
        face = frame["driving"] if name == "driving" else frame["variants"][name]
        area = face["sigma_x"] * face["sigma_y"]
        sizes.append(math.sqrt(area / max(source["sigma_x"] * source["sigma_y"], 1e-12)))
    return sizes


def scale_error(document: dict, name: str) -> float:
    """Median over the frames of max over the axes of |ln(sigma of the output / the portrait's)|.

    Pose is not matched: a turned head is narrower than the portrait and counts as an error.
    """
    source = document["source"]
    return median(
        max(abs(math.log(max(face[axis], 1e-6) / source[axis])) for axis in source)
        for face in (frame["variants"][name] for frame in document["frames"])
    )


def chart_rows(document: dict) -> "pandas.DataFrame":
    """The chart's data: columns seconds, face size, clip; one row per frame and series."""
    import pandas

    seconds = [frame["index"] / document["fps"] for frame in document["frames"]]
    series = {"portrait": [1.0] * len(seconds)}
    series |= {name: face_sizes(document, name) for name in ("driving", *variants(document))}
    rows = [
        (round(at, 3), round(size, 4), SERIES[name])
        for name, sizes in series.items()
        for at, size in zip(seconds, sizes, strict=True)
    ]
    return pandas.DataFrame(rows, columns=["seconds", "face size", "clip"])


def limits(document: dict) -> list[float]:
    """Bounds of the chart's vertical axis: everything, and 1, with a little room."""
    names = ("driving", *variants(document))
    sizes = [1.0, *(size for name in names for size in face_sizes(document, name))]
    return [round(min(sizes) - 0.06, 2), round(max(sizes) + 0.06, 2)]


def number_rows(document: dict) -> list[list[str]]:
    """One row per variant: median face size, scale error as a factor."""
    rows = []
    for name in variants(document):
        error = scale_error(document, name)
        size = median(face_sizes(document, name))
        off_by = f"{math.expm1(error):.0%}"
        rows.append([LABELS[name], f"{size:.2f}\u00a0×", f"{error:.3f}", off_by])
    return rows


def headline(document: dict) -> str:
    """What the run shows, in one or two plain sentences."""
    driving = median(face_sizes(document, "driving"))
    sizes = {name: median(face_sizes(document, name)) for name in variants(document)}
    text = f"The driving face is {driving:.2f} times as large as the portrait's."
    if "full" in sizes:
        text += f" OSTNet's result has a face of {sizes['full']:.2f} times the portrait's"
        if "no_transform" in sizes:
            text += f"; without the scale transformation it is {sizes['no_transform']:.2f}"
        return text + "."
    name, size = next(iter(sizes.items()))
    return f"{text} The result ({LABELS[name]}) has a face of {size:.2f} times the portrait's."


def variants(document: dict) -> list[str]:
    """The variants that were rendered."""
    return list(document["frames"][0]["variants"])
