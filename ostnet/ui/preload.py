"""The comparison that was made of these weights: on the page before anybody has run anything.

It plays as soon as the document's first bytes are there: the page's program takes seconds to load
and lay everything out, so until then the comparison stands in its place, and then moves into it.
"""

import functools
from dataclasses import dataclass

from ostnet.animation.showcase import load_showcase
from ostnet.hub import Checkpoint
from ostnet.ui import charts, examples, runs
from ostnet.ui.player import player


@dataclass(frozen=True)
class Comparison:
    """The parts of the comparison, as HTML."""

    headline: str
    grid: str
    chart: str
    numbers: str


@functools.cache
def load_comparison(checkpoint: Checkpoint) -> Comparison | None:
    """Return the comparison that was made of these weights; None where there is none."""
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


def preload_html(sight: Comparison | None, title: str) -> str:
    """The comparison as a part of the document; ``title`` is HTML that stands above the tabs."""
    if sight is None:
        return ""
    return (
        f"<style>{_STYLE}</style><div id='preload'><header>{title}</header>"
        f"<div><main>{sight.headline}{sight.grid}</main></div></div><script>{_SCRIPT}</script>"
    )


_STYLE = """
#preload { position: absolute; inset: 0 0 auto; z-index: 999; min-height: 100vh;
  color: #1e293b; background: #fff; font: 1rem/1.4 ui-sans-serif, system-ui, sans-serif; }
#preload > * { box-sizing: border-box; max-width: 1680px; margin: 0 auto; padding: 0 1.2rem; }
#preload header { padding-top: .7rem; height: 124px; }
#preload h1 { margin: 0 0 .15rem; font-size: 1.4rem; }
#preload p { margin: 0; }
#preload .note { padding: .45rem .75rem; font-size: 1.08rem; font-weight: 600;
  border-left: 4px solid #14b8a6; background: #7771; border-radius: 6px; }
#preload .fine { margin: .3rem 0 .6rem; font-size: .8rem; opacity: .7; }
#preload video { width: 100%; max-height: 52vh; border-radius: 6px; background: #18181b; }
#preload .steps { display: none; }
@media (min-width: 1000px) {
  #preload main { margin-left: max(calc(400px + 1.2rem), calc(29% + 1.2rem)); }
}
@media (max-width: 600px) {
  #preload > * { padding: 0 .5rem; }
  #preload header { height: 165px; }
  #preload h1 { font-size: 1rem; }
  #preload header p { font-size: .8rem; line-height: 1.3; }
  #preload .note { font-size: .92rem; }
  #preload video { max-height: none; }
}
@media (prefers-color-scheme: dark) { #preload { color: #f1f5f9; background: #0f172a; } }
"""

_SCRIPT = """
(() => {
  const first = document.getElementById('preload'), video = first.querySelector('video');
  const moveIn = () => {
    const place = document.querySelector('#grid .player video');
    if (!place) return setTimeout(moveIn, 30);
    place.replaceChildren(); // it need not load what plays already
    place.load();
    place.replaceWith(video);
    first.remove();
    video.play().catch(() => {});
  };
  moveIn();
})();
"""
"""Moves the video into the page once that is there."""
