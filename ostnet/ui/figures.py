"""Pictures as HTML: every one with a caption and an alternative text, in as many columns as fit."""

import base64
import html
import io
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Figure:
    """A picture and what is said of it."""

    picture: np.ndarray
    """uint8 (H, W, 3)."""
    caption: str
    alt: str
    """What someone who cannot see the picture should know."""


def row(figures: list[Figure], least: int = 150) -> str:
    """Figures side by side, each at least ``least`` pixels wide where the page allows it."""
    return beside([cell(one) for one in figures], least)


def cell(one: Figure) -> str:
    """A figure alone."""
    return (
        f'<figure><img src="{data_uri(one.picture)}" alt="{html.escape(one.alt, quote=True)}">'
        f"<figcaption>{html.escape(one.caption)}</figcaption></figure>"
    )


def beside(cells: list[str], least: int = 150) -> str:
    """Figures that are HTML already, side by side as in :func:`row`."""
    return f'<div class="figures" style="--least:{least}px">{"".join(cells)}</div>'


def note(text: str, kind: str = "info") -> str:
    """A remark in a box; ``kind`` is info, warn or good."""
    role = "alert" if kind == "warn" else "status"
    return f'<p class="note {kind}" role="{role}">{html.escape(text)}</p>'


def fine(text: str) -> str:
    """A line in small letters."""
    return f'<p class="fine">{html.escape(text)}</p>'


def folded(title: str, body: str, name: str = "") -> str:
    """HTML that opens at a click on its title; ``name`` is for links to it."""
    mark = f' id="{name}"' if name else ""
    return f"<details{mark}><summary>{html.escape(title)}</summary>{body}</details>"


def progress(done: int, total: int, text: str) -> str:
    """A bar with a text under it."""
    return (
        f'<div class="progress"><progress value="{done}" max="{total}" aria-label="frames done">'
        f'</progress><p role="status">{html.escape(text)}</p></div>'
    )


def table(head: list[str], rows: list[list[str]], caption: str) -> str:
    """A table whose first column names its rows."""
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="table"><table><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def data_uri(picture: np.ndarray, most: int = 1040) -> str:
    """A picture as JPEG inside an address, so that it is never a file that could be left over.

    It is made smaller where it is more than ``most`` pixels wide.
    """
    from PIL import Image

    buffer, image = io.BytesIO(), Image.fromarray(picture)
    image.thumbnail((most, 4 * most), Image.Resampling.BILINEAR, reducing_gap=2)
    image.save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
