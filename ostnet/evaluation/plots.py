"""Pictures of a report: curves and boxes as PNG and SVG, sheets of samples as PNG."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from ostnet.evaluation.columns import Record
from ostnet.evaluation.methods import METHODS

DPI = 100


def boxes(path: Path, records: Sequence[Record], column: str, label: str, title: str) -> None:
    """One box per method over its frames: median, quartiles, 5th to 95th percentile."""
    groups = {}
    for method in METHODS:
        values = np.array([r[column] for r in records if r["method"] == method], dtype=float)
        values = values[np.isfinite(values)]
        if len(values):
            groups[method] = values
    if not groups:
        return
    figure, axes = plt.subplots(figsize=(7, 0.45 * len(groups) + 1.4))
    for place, values in enumerate(groups.values()):
        low, first, median, third, high = np.percentile(values, [5, 25, 50, 75, 95])
        axes.plot([low, high], [place, place], color="#7f8c8d", linewidth=1)
        axes.plot([first, third], [place, place], color="#2c6fad", linewidth=8, alpha=0.6)
        axes.plot(median, place, "|", color="#c0392b", markersize=16, markeredgewidth=2)
    axes.set_yticks(range(len(groups)), list(groups))
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.set_title(title)
    axes.grid(axis="x", alpha=0.3)
    save(figure, path)


def measured_against_known(path: Path, records: Sequence[Record], title: str) -> None:
    """The scale each method took out against the known scale, per axis."""
    methods = [m for m in ("full", "closed_form") if any(r["method"] == m for r in records)]
    if not methods:
        return
    figure, panels = plt.subplots(1, 2, figsize=(9, 4.4), sharex=True, sharey=True)
    for axes, axis in zip(panels, ("x", "y"), strict=True):
        for method, colour in zip(methods, ("#c0392b", "#2c6fad"), strict=False):
            mine = [r for r in records if r["method"] == method]
            known = [r[f"s_{axis}"] for r in mine]
            axes.scatter(
                known, [r[f"measured_{axis}"] for r in mine], s=8, alpha=0.5, c=colour, label=method
            )
        limits = np.array(axes.get_xlim())
        axes.plot(limits, limits, "k--", linewidth=1)
        axes.set_xlabel(f"known $s_{axis}$")
        axes.set_ylabel(f"measured $s_{axis}$")
        axes.grid(alpha=0.3)
    panels[0].legend()
    figure.suptitle(title)
    save(figure, path)


def curves(path: Path, records: Sequence[Record], column: str, label: str) -> None:
    """Median over frames against the scale; panels: both axes stretched, x alone, y alone."""
    figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), sharey=True)
    stretches = {
        "both axes": lambda r: r["s_x"] == r["s_y"],
        "x alone": lambda r: r["s_y"] == 1,
        "y alone": lambda r: r["s_x"] == 1,
    }
    for axes, (title, chosen) in zip(panels, stretches.items(), strict=True):
        axis = "s_y" if title == "y alone" else "s_x"
        for method in METHODS:
            mine = [r for r in records if r["method"] == method and chosen(r)]
            scales = sorted({r[axis] for r in mine})
            medians = [_median([r[column] for r in mine if r[axis] == s]) for s in scales]
            if np.isfinite(medians).any():
                on_top = {"zorder": 3, "linewidth": 2.5} if method == "full" else {}
                axes.plot(scales, medians, "o-", markersize=4, label=method, **on_top)
        axes.axvspan(0.7, 1.3, color="#7f8c8d", alpha=0.15)
        axes.set_xscale("log")
        axes.set_xticks([0.3, 0.5, 0.7, 1, 1.3, 2], ["0.3", "0.5", "0.7", "1", "1.3", "2"])
        axes.minorticks_off()
        axes.set_xlabel(f"scale of the driver, {title}")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(label)
    panels[0].legend(fontsize=8)
    save(figure, path)


def _median(values: Sequence[float]) -> float:
    finite = np.array(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    return float(np.median(finite)) if len(finite) else float("nan")


def scatter(path: Path, records: Sequence[Record], x: str, y: str, labels: tuple[str, str]) -> None:
    """One dot per frame, T_theta and closed form where they have a value."""
    figure, axes = plt.subplots(figsize=(6, 4.2))
    for method, colour in (("full", "#c0392b"), ("closed_form", "#2c6fad")):
        points = [(r[x], r[y]) for r in records if r["method"] == method]
        points = [point for point in points if np.isfinite(point).all()]
        if points:
            axes.scatter(*zip(*points, strict=True), s=10, alpha=0.6, c=colour, label=method)
            axes.legend()
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(alpha=0.3)
    save(figure, path)


def save(figure, path: Path) -> None:
    """Write ``path`` with the suffixes .png and .svg."""
    figure.tight_layout()
    figure.savefig(path.with_suffix(".png"), dpi=DPI)
    figure.savefig(path.with_suffix(".svg"))
    plt.close(figure)


def sheet(path: Path, strips: Sequence[dict[str, np.ndarray]]) -> None:
    """Rows of pictures with the same labels, (H, W, 3) uint8 each, as one PNG with a header."""
    if not strips:
        return
    labels = list(strips[0])
    picture = np.concatenate(
        [np.concatenate([strip[label] for label in labels], axis=1) for strip in strips]
    )
    height, width = picture.shape[:2]
    header = 40
    figure = plt.figure(figsize=(width / DPI, (height + header) / DPI))
    axes = figure.add_axes([0, 0, 1, height / (height + header)])
    axes.imshow(picture)
    axes.axis("off")
    for i, label in enumerate(labels):
        figure.text(
            (i + 0.5) / len(labels),
            1 - header / 2 / (height + header),
            label,
            ha="center",
            va="center",
            fontsize=16,
        )
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
