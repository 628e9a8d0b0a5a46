"""The page put together."""

import atexit
import threading
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware

from ostnet.animation import VARIANTS
from ostnet.ui import (
    animate_tab,
    api,
    engine,
    examples,
    figures,
    live_tab,
    previews,
    results_tab,
    still_tabs,
    text,
)
from ostnet.ui.cleanup import LONGEST_VISIT
from ostnet.ui.gradio_patches import InsertHtml, block_outbound
from ostnet.ui.inputs import MOST_DRIVING_MB
from ostnet.ui.player import SCRIPT
from ostnet.ui.preload import load_comparison, preload_html
from ostnet.ui.route_guard import RouteGuard
from ostnet.ui.style import CSS, THEME
from ostnet.ui.visitors import VISITORS


def launch_options() -> dict:
    """What ``launch`` needs beside host and port, which stay gradio's own business.

    Made anew for each launch: gradio adds to ``app_kwargs``, and what one page has added keeps
    another from starting.
    """
    comparison = load_comparison(engine.load().checkpoint)
    return {
        "theme": THEME,
        "css": CSS,
        "head": f"<script>{SCRIPT}</script>",
        "app_kwargs": {
            "middleware": [
                Middleware(RouteGuard, visitors=VISITORS),
                Middleware(InsertHtml, html=preload_html(comparison, text.TITLE)),
            ]
        },
        "max_file_size": f"{MOST_DRIVING_MB}mb",
        "show_error": True,
        "ssr_mode": False,
        "state_session_capacity": 200,
    }


def build() -> gr.Blocks:
    """The whole page; launch it with ``**launch_options()``."""
    block_outbound()
    weights = engine.load().checkpoint
    gr.set_static_paths([examples.EXAMPLES])
    with gr.Blocks(
        title="OSTNet: portrait animation at the right face size",
        delete_cache=(1800, LONGEST_VISIT),
        analytics_enabled=False,
    ) as page:
        api.publish()  # first, so that no private event takes its names
        gr.HTML(text.TITLE, elem_id="intro")
        if weights.notice:
            gr.HTML(figures.note(weights.notice, "warn"), elem_id="notice")
        with gr.Tabs():
            with gr.Tab("Animate", id="animate"):
                shared = animate_tab.build(page)
                gr.Markdown(text.CONSENT)
            with gr.Tab("Live", id="live"):
                live_tab.build()
            with gr.Tab("Stress", id="stress") as tab:
                still_tabs.build_stress(tab, shared)
            with gr.Tab("Look inside", id="inside") as tab:
                still_tabs.build_inside(tab, shared)
            with gr.Tab("Results", id="results-tab") as tab:
                results_tab.build(tab, weights.folder)
            with gr.Tab("About", id="about"):
                gr.Markdown(text.ABOUT)
                gr.HTML(text.DIAGRAM)
                _model_card(weights.folder / "README.md")
                gr.Markdown(text.RESPONSIBLE)
        gr.HTML(_weights(), elem_id="weights")
        page.unload(_leave)
    page.queue(max_size=24, default_concurrency_limit=4)
    if not engine.ZERO_GPU:
        _prepare_later()
    return page


def _prepare_later() -> None:
    """Once the page is up, before somebody asks: look at its examples, time a frame."""
    for seconds, task, arguments in (
        (1, previews.look_at_first_examples, []),
        (5, engine.PACE.frame, [len(VARIANTS)]),
    ):
        timer = threading.Timer(seconds, task, arguments)
        timer.daemon = True
        timer.start()
        atexit.register(lambda timer=timer: (timer.cancel(), timer.join()))  # not cut off inside


def _leave(request: gr.Request) -> None:
    VISITORS.leave(request.session_hash)


def _weights() -> str:
    loaded = engine.load()
    parameters = sum(weight.numel() for weight in loaded.model.parameters()) / 1e6
    return figures.fine(
        f"Weights: {loaded.checkpoint.name}, {parameters:.1f} million parameters, "
        f"{loaded.size} × {loaded.size} pixels, on {loaded.device.type}."
    )


def _model_card(card: Path) -> None:
    if card.is_file():
        body = card.read_text(encoding="utf-8")
        if body.startswith("---"):
            body = body.split("---", 2)[2]  # the Hub's front matter
        with gr.Accordion("Model card", open=False):
            gr.Markdown(body)
