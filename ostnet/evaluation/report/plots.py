"""Pictures of a report: curves and boxes as PNG and SVG, sheets of samples as PNG."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.report.tables import Row, in_table_order

DPI = 100

COLOURS = ("#c0392b", "#2c6fad", "#2e8b57", "#8e5ea2")


def methods_of(records: Sequence[Record]) -> list[str]:
    """Return the methods present, in table order."""
    return in_table_order(record["method"] for record in records)


def boxes(path: Path, records: Sequence[Record], column: str, label: str, title: str) -> None:
    """Draw one box per method over its frames."""
    groups = {
        method: [record[column] for record in records if record["method"] == method]
        for method in methods_of(records)
    }
    box_rows(path, groups, label, title)


def box_rows(path: Path, groups: Mapping[str, Sequence[float]], label: str, title: str) -> None:
    """Draw one box per group that has values: median, quartiles, 5th to 95th percentile."""
    finite = {name: _finite(values) for name, values in groups.items()}
    finite = {name: values for name, values in finite.items() if len(values)}
    if not finite:
        return
    figure, axes = plt.subplots(figsize=(7, 0.45 * len(finite) + 1.4))
    for place, values in enumerate(finite.values()):
        low, first, median, third, high = np.percentile(values, [5, 25, 50, 75, 95])
        axes.plot([low, high], [place, place], color="#7f8c8d", linewidth=1)
        axes.plot([first, third], [place, place], color="#2c6fad", linewidth=8, alpha=0.6)
        axes.plot(median, place, "|", color="#c0392b", markersize=16, markeredgewidth=2)
    axes.set_yticks(range(len(finite)), list(finite))
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.set_title(title)
    axes.grid(axis="x", alpha=0.3)
    save(figure, path)


def measured_against_known(path: Path, records: Sequence[Record], title: str) -> None:
    """Draw the scale that T_theta and the closed form took out against the known one, per axis."""
    records = [r for r in records if r["method"] in ("full", "closed_form")]
    if not records:
        return
    figure, panels = plt.subplots(1, 2, figsize=(9, 4.4), sharex=True, sharey=True)
    for axes, axis in zip(panels, ("x", "y"), strict=True):
        _dots(axes, records, f"s_{axis}", f"measured_{axis}")
        limits = np.array(axes.get_xlim())
        axes.plot(limits, limits, "k--", linewidth=1)
        axes.set_xlabel(f"known $s_{axis}$")
        axes.set_ylabel(f"measured $s_{axis}$")
    panels[0].legend()
    figure.suptitle(title)
    save(figure, path)


def scatter(
    path: Path, records: Sequence[Record], x: str, label: str, panels: Mapping[str, str]
) -> None:
    """Draw one panel per column (column -> label): a dot per frame against ``x``, by method."""
    figure, places = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 3.8), squeeze=False)
    for axes, (column, name) in zip(places[0], panels.items(), strict=True):
        _dots(axes, records, x, column)
        axes.set_xlabel(label)
        axes.set_ylabel(name)
    if places[0][0].has_data():
        places[0][0].legend()
    save(figure, path)


def _dots(axes, records: Sequence[Record], x: str, y: str) -> None:
    for method, colour in zip(methods_of(records), COLOURS, strict=False):
        points = np.array([(r[x], r[y]) for r in records if r["method"] == method], dtype=float)
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            axes.scatter(*points.T, s=12, alpha=0.6, c=colour, label=method, lw=0)
    axes.grid(alpha=0.3)


def curves(path: Path, records: Sequence[Record], column: str, label: str) -> None:
    """Draw medians against the scale; panels: both axes stretched, x alone, y alone.

    No file where no frame has a value.
    """
    if np.isnan([r[column] for r in records]).all():
        return
    figure, panels = plt.subplots(1, 3, figsize=(13.5, 3.8), sharey=True)
    stretches = {
        "both axes": lambda r: r["s_x"] == r["s_y"],
        "x alone": lambda r: r["s_y"] == 1,
        "y alone": lambda r: r["s_x"] == 1,
    }
    for axes, (title, chosen) in zip(panels, stretches.items(), strict=True):
        axis = "s_y" if title == "y alone" else "s_x"
        for method in methods_of(records):
            mine = [r for r in records if r["method"] == method and chosen(r)]
            by_scale = {
                scale: _finite([r[column] for r in mine if r[axis] == scale])
                for scale in sorted({r[axis] for r in mine})
            }
            medians = [np.median(v) if len(v) else np.nan for v in by_scale.values()]
            if np.isfinite(medians).any():
                on_top = {"zorder": 3, "linewidth": 2.5} if method == "full" else {}
                axes.plot(list(by_scale), medians, "o-", markersize=4, label=method, **on_top)
        axes.axvspan(0.7, 1.3, color="#7f8c8d", alpha=0.15)
        axes.set_xscale("log")
        axes.set_xticks([0.3, 0.5, 0.7, 1, 1.3, 2], ["0.3", "0.5", "0.7", "1", "1.3", "2"])
        axes.minorticks_off()
        axes.set_xlabel(f"scale of the driver, {title}")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(label)
    panels[-1].legend(bbox_to_anchor=(1.02, 1), loc="upper left", fontsize=9)
    save(figure, path)


def _finite(values: Sequence[float]) -> np.ndarray:
    found = np.array(values, dtype=float)
    return found[np.isfinite(found)]


def levels(
    path: Path,
    rows: Sequence[Row],
    metric: str,
    order: Sequence[str],
    methods: Iterable[str],
    reference: str,
) -> None:
    """Draw R^2 by level with its interval, a line per method; dashed, the ``reference`` condition.

    rows: metric (``metric``_x and ``metric``_y), condition, method, value, low and high.
    """
    figure, panels = plt.subplots(1, 2, figsize=(13, 4.6), sharey=True)
    for axes, axis in zip(panels, "xy", strict=True):
        mine = [r for r in rows if r["metric"] == f"{metric}_{axis}" and r["value"] is not None]
        for i, (method, colour) in enumerate(zip(methods, COLOURS, strict=False)):
            found = [(order.index(r["condition"]) + 0.06 * (i - 1.5), r) for r in mine
                     if r["method"] == method and r["condition"] in order]  # fmt: skip
            for x, r in found:
                if "low" in r:
                    axes.plot([x, x], [max(r["low"], -1), r["high"]], color=colour, lw=1)
            axes.plot(
                [x for x, _ in found], [r["value"] for _, r in found], "o-", c=colour, label=method
            )
        others = [r for r in mine if r["condition"] == reference]
        for r, shade in zip(others, np.linspace(0, 0.7, len(others)), strict=True):
            axes.axhline(r["value"], ls="--", lw=1, color=str(shade), label=r["method"])
        axes.set_xticks(range(len(order)), order, rotation=20)
        axes.set_ylim(-1.05, 1.05)
        axes.set_title(f"{metric}_{axis}: $R^2$ of ln $s_{axis}$, people held out")
        axes.grid(alpha=0.3)
    panels[1].legend(bbox_to_anchor=(1.02, 1), loc="upper left", fontsize=9)
    save(figure, path)


def with_points(picture: np.ndarray, found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the uint8 picture with points (K, 2) in pixels: found as dots, expected as rings."""
    zoom = 2
    large = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
    for a, b in zip(found, expected, strict=True):
        dot, ring = (
            tuple(int(v) for v in np.round((point + 0.5) * zoom - 0.5)) for point in (a, b)
        )
        cv2.line(large, dot, ring, (255, 255, 255), 1, cv2.LINE_AA)
        cv2.circle(large, ring, 6, (0, 220, 255), 1, cv2.LINE_AA)
        cv2.circle(large, dot, 3, (255, 60, 60), -1, cv2.LINE_AA)
    return cv2.resize(large, picture.shape[1::-1], interpolation=cv2.INTER_AREA)


def with_text(picture: np.ndarray, text: str) -> np.ndarray:
    """Return the uint8 picture (H, W, 3) with a line of text in its upper left corner."""
    marked = picture.copy()
    size = picture.shape[0] / 256
    place = (round(6 * size), round(24 * size))
    font = cv2.FONT_HERSHEY_SIMPLEX
    for colour, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(marked, text, place, font, 0.7 * size, colour, width, cv2.LINE_AA)
    return marked


def save(figure, path: Path) -> None:
    """Write ``path`` with the suffixes .png and .svg."""
    figure.tight_layout()
    figure.savefig(path.with_suffix(".png"), dpi=DPI)
    figure.savefig(path.with_suffix(".svg"))
    plt.close(figure)


def sheet(path: Path, strips: Sequence[dict[str, np.ndarray]]) -> None:
    """Write rows of uint8 pictures (H, W, 3) with the same labels as one PNG with a header."""
    strips = [strip for strip in strips if strip]
    if not strips:
        return
    labels = list(strips[0])
    picture = np.concatenate(
        [np.concatenate([strip[label] for label in labels], axis=1) for strip in strips]
    )
    height, width = picture.shape[:2]
    header = 40
    figure = plt.figure(figsize=(width / DPI, (height + header) / DPI))
    axes = figure.add_axes((0, 0, 1, height / (height + header)))
    axes.imshow(picture)
    axes.axis("off")
    middle = 1 - header / 2 / (height + header)
    for i, label in enumerate(labels):
        x = (i + 0.5) / len(labels)
        figure.text(x, middle, label, ha="center", va="center", fontsize=16)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
