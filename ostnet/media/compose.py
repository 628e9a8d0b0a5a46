"""Labelled pictures side by side."""

import functools
import math

import numpy as np

GAP = 4
"""Pixels between panes."""

BACKGROUND = (24, 24, 27)
LETTERS = (244, 244, 245)


def grid(panes: dict[str, np.ndarray], columns: int | None = None) -> np.ndarray:
    """Arrange labelled uint8 pictures (h, w, 3) in rows: uint8 (H, W, 3), H and W even.

    Each label is in a strip above its pane. Smaller panes are enlarged to the size of the largest,
    keeping their aspect ratio. `columns` defaults to balanced rows of at most four panes.
    """
    if not panes:
        raise ValueError("a grid needs at least one pane, found none")
    if columns is None:
        columns = math.ceil(len(panes) / math.ceil(len(panes) / 4))
    columns = min(columns, len(panes))
    height = max(pane.shape[0] for pane in panes.values())
    width = max(pane.shape[1] for pane in panes.values())
    canvas = _empty_grid(tuple(panes), columns, height, width).copy()
    strip = strip_height(height)
    for index, pane in enumerate(panes.values()):
        top = index // columns * (strip + height + GAP) + strip
        left = index % columns * (width + GAP)
        _place(pane, canvas[top : top + height, left : left + width])
    return canvas


def strip_height(pane_height: int) -> int:
    """Return the height of a label strip over panes of that height, in pixels."""
    return max(24, round(pane_height * 0.1))


@functools.lru_cache(maxsize=8)
def _empty_grid(labels: tuple[str, ...], columns: int, height: int, width: int) -> np.ndarray:
    """Return the read-only grid without its panes, cached for all frames."""
    strip, rows = strip_height(height), math.ceil(len(labels) / columns)
    total = (rows * (strip + height + GAP) - GAP, columns * (width + GAP) - GAP)
    canvas = np.empty((*(side + side % 2 for side in total), 3), np.uint8)
    canvas[:] = BACKGROUND
    for index, label in enumerate(labels):
        top = index // columns * (strip + height + GAP)
        left = index % columns * (width + GAP)
        canvas[top : top + strip, left : left + width] = label_strip(label, width, strip)
    canvas.flags.writeable = False
    return canvas


def label_strip(label: str, width: int, height: int) -> np.ndarray:
    """Return a centred label in Pillow's own font: uint8 (height, width, 3).

    A long label gets smaller letters; an even longer one is cut.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    size, room = 0.68 * height, width - 8
    while (font := ImageFont.load_default(size=size)).getlength(label) > room and size > 9:
        size -= 1
    while font.getlength(label) > room and len(label) > 1:
        label = label[:-2] + "…"
    draw.text((width / 2, height / 2), label, font=font, fill=LETTERS, anchor="mm")
    return np.array(picture)


def _place(pane: np.ndarray, cell: np.ndarray) -> None:
    """Write a pane, as large as fits, into the centre of its cell (a view of the canvas)."""
    from PIL import Image

    if pane.shape != cell.shape:
        ratio = min(cell.shape[0] / pane.shape[0], cell.shape[1] / pane.shape[1])
        size = (round(pane.shape[1] * ratio), round(pane.shape[0] * ratio))
        pane = np.asarray(Image.fromarray(pane).resize(size, Image.Resampling.BICUBIC))
    top = (cell.shape[0] - pane.shape[0]) // 2
    left = (cell.shape[1] - pane.shape[1]) // 2
    cell[top : top + pane.shape[0], left : left + pane.shape[1]] = pane
