"""Files dropped anywhere on the page: each is taken by the box that it fits."""

import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr

from ostnet.media.sequence import PICTURES
from ostnet.ui import markup
from ostnet.ui.animate_inputs import Components
from ostnet.ui.engine import PRIVATE
from ostnet.ui.given import CLIPS, is_clip, is_picture
from ostnet.ui.visitors import VISITORS


@dataclass
class Sorted:
    """Where dropped files go; None: the box keeps what it has."""

    portrait: str | None = None
    clip: str | None = None
    still: str | None = None
    more: list[str] = field(default_factory=list)


def sort(files: Iterable[str], box: str = "") -> Sorted:
    """Return where files go: the first picture and clip into their boxes, the others below.

    Args:
        files: paths, in the order in which they were dropped.
        box: the box under the pointer, ``still`` or ``more``; empty: any other place.
    """
    placed = Sorted()
    for file in files:
        pictures = "still" if box == "still" else "portrait"
        name = "clip" if is_clip(file) else pictures
        if box == "more" or getattr(placed, name):
            placed.more.append(file)
        else:
            setattr(placed, name, file)
    return placed


def build(inputs: Components, still: gr.Image) -> None:
    """Add the handler of drops; ``still`` is the box for a still driver."""
    suffixes = html.escape(" ".join(sorted({*PICTURES, *CLIPS})))
    view = gr.HTML(
        f'<div class="veil" data-suffixes="{suffixes}" role="status" hidden>'
        "<p>Drop pictures and clips anywhere</p></div>",
        js_on_load=markup.static("drops.js"),
        elem_id="drops",
    )
    boxes = [inputs["portrait"], still, inputs["more"]]
    filled = [inputs[name] for name in ("portrait", "drawn", "faces", "clip", "clip_drawn", "more")]
    view.take(take, boxes, [*filled, still], show_progress="hidden", **PRIVATE)


def take(
    portrait: str | None,
    still: str | None,
    more: list[str] | None,
    event: gr.EventData,
    request: gr.Request,
) -> list:
    """Return (portrait, its square, faces, clip, its square, more files, still driver).

    A picture box that gets none gets its own again: Gradio would replace it after a skip by one
    without the patch of `picture_file`.
    """
    uploads = VISITORS.get(request.session_hash).uploads
    files = [file for file in event.files if Path(file).resolve() in uploads]  # and no other path
    for refused in event.refused:
        gr.Warning(refused)
    placed = sort([file for file in files if is_picture(file) or is_clip(file)], event.box)
    if placed.more:
        names = ", ".join(Path(file).name for file in placed.more)
        gr.Info(f"Added below, under “More portraits or clips”: {names}")
    return [
        placed.portrait or portrait,
        *(("", []) if placed.portrait else (gr.skip(), gr.skip())),
        *((placed.clip, "") if placed.clip else (gr.skip(), gr.skip())),
        [*(more or []), *placed.more] if placed.more else gr.skip(),
        placed.still or still,
    ]
