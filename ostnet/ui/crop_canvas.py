"""Squares that a visitor drags on a picture; a hidden text holds them as ``X,Y,SIDE``."""

import html
import re

import gradio as gr
import numpy as np

from ostnet.errors import InputError
from ostnet.media.crop import Crop
from ostnet.ui import drawing, markup
from ostnet.ui.engine import PRIVATE

HINT = "or drag another"


def canvas(picture: np.ndarray, crop: Crop, caption: str, alt: str) -> str:
    """A figure of a whole picture (H, W, 3) with its square, to draw another one on."""
    height, width = picture.shape[:2]
    return (
        f'<figure class="canvas" tabindex="0" data-size="{width},{height}" '
        f'data-square="{crop.left},{crop.top},{crop.size}" aria-label="{html.escape(_KEYS)}">'
        f'<div><img src="{markup.data_uri(drawing.crop_outline(picture, crop))}" '
        f'alt="{html.escape(alt, quote=True)}" draggable="false"><b></b>'
        '<button type="button" title="larger, to draw finely">⤢</button></div>'
        f"<figcaption>{html.escape(caption)}, {HINT}</figcaption></figure>"
    )


def field(view: gr.HTML, name: str) -> gr.Textbox:
    """The text that holds the square of a view, which was made with ``js_on_load=DRAW``.

    Not to be put into something folded: what is folded says nothing of its changes.
    """
    text = gr.Textbox("", visible="hidden", elem_id=name)

    def drawn(event: gr.EventData) -> str:
        return event.square

    view.draw(drawn, None, text, show_progress="hidden", queue=False, **PRIVATE)
    return text


def parse(text: str | None, role: str, roll: float = 0.0) -> Crop | None:
    """The square that a field holds, turned by ``roll`` degrees; None where it is empty.

    Raises:
        InputError: it is no square.
    """
    text = re.sub(r"\s", "", text or "")
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,6},-?\d{1,6},[1-9]\d{0,5}", text):
        raise InputError(f"{role}: the square {text!r} is not X,Y,SIDE; drag it on the picture")
    return Crop(*map(int, text.split(",")), roll)


_KEYS = (
    "The square: drag to draw another; arrow keys move it, plus and minus change its size, "
    "delete makes it automatic again"
)

DRAW = markup.static("crop_canvas.js")
"""Script of a view that holds canvases."""
