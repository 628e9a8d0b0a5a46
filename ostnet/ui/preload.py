"""The showcase of the page's weights, shown before the first run.

Gradio's program takes seconds to load and to lay the page out. Until then the showcase stands in
the document itself, so that it plays at once; then its video moves into the page.
"""

import functools
from dataclasses import dataclass

from ostnet.animation.showcase import load_showcase
from ostnet.hub import Checkpoint
from ostnet.ui import charts, examples, runs
from ostnet.ui.markup import player, static


@dataclass(frozen=True)
class Comparison:
    """The parts of the showcase as HTML."""

    headline: str
    grid: str
    chart: str
    numbers: str


@functools.cache
def load_comparison(checkpoint: Checkpoint) -> Comparison | None:
    """Return the showcase that was made with these weights; None where there is none."""
    ready = load_showcase(checkpoint.folder)
    if not ready:
        return None
    document = ready.document
    about = f"{examples.PORTRAITS[0].name} × “{examples.CLIPS[0].name}”, made by {checkpoint.name}"
    return Comparison(
        runs.words(document),
        player(ready.wide, document["fps"], ready.narrow, charts.headline(document), about),
        charts.chart(document),
        runs.numbers(document),
    )


def preload_html(comparison: Comparison | None, title: str) -> str:
    """Return the showcase as a part of the document, below ``title``, the page's HTML title."""
    if comparison is None:
        return ""
    return (
        f"<style>{static('preload.css')}</style><div id='preload'><header>{title}</header>"
        f"<div><main>{comparison.headline}{comparison.grid}</main></div></div>"
        f"<script>{static('preload.js')}</script>"
    )
