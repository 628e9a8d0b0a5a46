"""The page put together."""

import threading

import gradio as gr

from ostnet.animation import VARIANTS
from ostnet.ui import (
    animate_tab,
    api,
    engine,
    examples,
    figures,
    live_tab,
    results_tab,
    still_tabs,
    text,
)
from ostnet.ui.inputs import MOST_DRIVING_MB
from ostnet.ui.style import CSS, THEME
from ostnet.ui.visitors import LONGEST_VISIT, VISITORS

LAUNCH = {
    "theme": THEME,
    "css": CSS,
    "max_file_size": f"{MOST_DRIVING_MB}mb",
    "show_error": True,
    "ssr_mode": False,
    "state_session_capacity": 200,
}
"""What ``launch`` needs beside host and port, which stay gradio's own business."""


def build() -> gr.Blocks:
    """The whole page; launch it with ``**LAUNCH``."""
    gr.set_static_paths([examples.FOLDER])
    if not engine.ZERO_GPU:
        _time_networks_later()
    with gr.Blocks(
        title="OSTNet: portrait animation at the right face size",
        delete_cache=(1800, LONGEST_VISIT),
        analytics_enabled=False,
    ) as page:
        api.publish()  # first, so that no private event takes its names
        gr.Markdown(text.INTRO, elem_id="intro")
        gr.HTML(_weights(), elem_id="weights")
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
                results_tab.build(tab, engine.CHECKPOINT.folder)
            with gr.Tab("About", id="about"):
                gr.Markdown(text.ABOUT)
                gr.HTML(text.DIAGRAM)
                _model_card()
                gr.Markdown(text.RESPONSIBLE)
        page.unload(_leave)
    page.queue(max_size=24, default_concurrency_limit=4)
    return page


def _time_networks_later(seconds: float = 5) -> None:
    """Once the page is up, find out how long a frame takes, before somebody asks."""
    timer = threading.Timer(seconds, engine.PACE.frame, [len(VARIANTS)])
    timer.daemon = True
    timer.start()


def _leave(request: gr.Request) -> None:
    VISITORS.leave(request.session_hash)


def _weights() -> str:
    parameters = sum(weight.numel() for weight in engine.MODEL.parameters()) / 1e6
    line = (
        f"<p>Weights: <code>{engine.CHECKPOINT.name}</code>, {parameters:.1f} million parameters, "
        f"{engine.SIZE} × {engine.SIZE} pixels, on {engine.DEVICE.type}.</p>"
    )
    notice = engine.CHECKPOINT.notice
    return line + (figures.note(notice, "warn") if notice else "")


def _model_card() -> None:
    card = engine.CHECKPOINT.folder / "README.md"
    if card.is_file():
        body = card.read_text(encoding="utf-8")
        if body.startswith("---"):
            body = body.split("---", 2)[2]  # the Hub's front matter
        with gr.Accordion("Model card", open=False):
            gr.Markdown(body)
