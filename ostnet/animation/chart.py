"""The measured face sizes of a clip as a picture."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_COLOURS = {
    "driving": "#8c8c8c",
    "full": "#0b6e4f",
    "no_transform": "#d1495b",
    "no_embedding": "#2e86ab",
    "neither": "#e09f3e",
}


def scale_chart(document: dict, path: Path) -> None:
    """Draw a trace document (see ``Trace``) as a PNG of 1100 x 700 pixels.

    Above: the scale that the module measured, along x and y. Below: the face size of the driving
    clip and of every variant, relative to the source's, as the geometric mean of both axes; a
    method that keeps the source's scale stays at 1.
    """
    seconds = [frame["index"] / document["fps"] for frame in document["frames"]]
    figure = Figure(figsize=(11, 7), dpi=100, layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    for axis, name, style in ((0, "$s_x$", "-"), (1, "$s_y$", "--")):
        values = [frame["scale"][axis] for frame in document["frames"]]
        above.plot(seconds, values, style, color="#3d348b", label=name)
    above.set_title("Measured scale of the driving face, in source faces")
    below.set_title("Face size, in source faces")
    for name, colour in _COLOURS.items():
        sizes = _sizes(document, name)
        if sizes:
            label = name.replace("_", " ")
            below.plot(seconds, sizes, color=colour, label=label, lw=2.2 if name == "full" else 1.3)
    below.set_xlabel("seconds")
    for axes in (above, below):
        _finish(axes, document, seconds)
    figure.savefig(path, format="png")


def _sizes(document: dict, name: str) -> list[float]:
    """Return the face size of the driving clip or of a variant, in source faces, per frame."""
    source = _area(document["source"])
    rows = [
        frame["driving"] if name == "driving" else frame["variants"].get(name)
        for frame in document["frames"]
    ]
    return [(_area(row) / source) ** 0.5 for row in rows] if all(rows) else []


def _area(sigma: dict[str, float]) -> float:
    return max(sigma["sigma_x"] * sigma["sigma_y"], 1e-12)


def _finish(axes: Axes, document: dict, seconds: list[float]) -> None:
    """Add a logarithmic axis, the line at 1, and shade frames without a face."""
    axes.axhline(1, color="black", lw=0.8, alpha=0.5)
    axes.set_yscale("log", base=2)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.8), max(high, 1.25))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ticks = [0.25, 0.35, 0.5, 0.7, 0.85, 1, 1.2, 1.4, 2, 2.8, 4]
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in ticks if low <= tick <= high])
    axes.minorticks_off()
    step = 1 / document["fps"]
    for frame, second in zip(document["frames"], seconds, strict=True):
        if frame["held"]:
            axes.axvspan(second, second + step, color="#cccccc", alpha=0.6, lw=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
