"""The whole page and its launch options."""

import atexit
import os
import sys
import threading
from pathlib import Path
from typing import NoReturn

import gradio as gr
from gradio import themes
from starlette.middleware import Middleware
from starlette.routing import Mount

from ostnet.animation import VARIANTS
from ostnet.exits import exit_code
from ostnet.media.signing import check_signer
from ostnet.ui import (
    animate_tab,
    api,
    engine,
    examples,
    live_tab,
    markup,
    previews,
    results_tab,
    still_tabs,
    text,
)
from ostnet.ui.cleanup import LONGEST_VISIT
from ostnet.ui.gradio_patches import (
    InsertHtml,
    block_outbound,
    forget_session,
    keep_clips,
    keep_no_statistics,
    poll_less,
    skip_self_test,
)
from ostnet.ui.inputs import MOST_DRIVING_MB
from ostnet.ui.live_tab import Isolated
from ostnet.ui.preload import load_comparison, preload_html
from ostnet.ui.route_guard import RouteGuard
from ostnet.ui.visitors import VISITORS

_THEME = {
    "body_text_color_subdued": "*neutral_600",
    "block_info_text_color": "*neutral_600",
    "color_accent": "*primary_700",
    "checkbox_background_color_selected": "*primary_700",
    "slider_color": "*primary_700",
    "link_text_color": "*secondary_700",
    "button_primary_background_fill": "*primary_700",
    "button_primary_background_fill_dark": "*primary_700",
    "button_primary_background_fill_hover": "*primary_800",
    "button_primary_background_fill_hover_dark": "*primary_800",
    "button_cancel_background_fill": themes.colors.red.c700,
    "button_cancel_background_fill_hover": themes.colors.red.c800,
}
"""Colours in which Gradio's own have too little contrast, by WCAG 2.2 AA: 4.5 for text."""

_SCRIPTS = ("player.js", "stand_in.js", "names.js")

_FONTS = ["ui-sans-serif", "system-ui", "sans-serif"]
"""System fonts only: the page requests nothing from another host."""


def launch_options() -> dict:
    """Return the options for ``launch`` except host and port, which Gradio's own variables set.

    Call it for each launch: Gradio changes ``app_kwargs``, and they cannot be used twice.
    """
    comparison = load_comparison(engine.load().checkpoint)
    live = live_tab.live_site()
    uploads = f"<script>{markup.static('uploads.js')}</script>"
    return {
        "theme": themes.Default(
            primary_hue=themes.colors.teal,
            secondary_hue=themes.colors.teal,
            neutral_hue=themes.colors.slate,
            font=_FONTS,
            font_mono=["ui-monospace", "monospace"],
        ).set(**_THEME),
        "css_paths": markup.STATIC / "page.css",
        "head": "".join(f"<script>{markup.static(name)}</script>" for name in _SCRIPTS),
        "app_kwargs": {
            "routes": [Mount(f"/{live_tab.ADDRESS}", live)] if live else [],
            "middleware": [
                Middleware(Isolated),
                Middleware(RouteGuard, visitors=VISITORS),
                Middleware(InsertHtml, html=uploads + preload_html(comparison, text.TITLE)),
            ],
        },
        "max_file_size": f"{MOST_DRIVING_MB}mb",
        "show_error": False,  # of errors that nobody expects, which may name paths
        "ssr_mode": False,
        "enable_monitoring": False,  # it shows statistics to any visitor
        "state_session_capacity": 200,
    }


def build() -> gr.Blocks:
    """Load the weights and return the page; launch it with ``**launch_options()``.

    Raises:
        InputError: results are to be signed, and the certificate or its key cannot be used.
    """
    check_signer()
    block_outbound()
    skip_self_test()
    keep_clips()
    weights = engine.load().checkpoint
    gr.set_static_paths([examples.EXAMPLES])
    with gr.Blocks(
        title="OSTNet: portrait animation at the right face size",
        delete_cache=(1800, LONGEST_VISIT),
        analytics_enabled=False,
    ) as page:
        api.publish()  # first, so that its names are free
        gr.HTML(text.TITLE, elem_id="intro")
        if weights.notice:
            print("ostnet: warning:", weights.notice, file=sys.stderr)
            gr.HTML(markup.note(weights.notice, "warn"), elem_id="notice")
        with gr.Tabs():
            with gr.Tab("Animate", id="animate"):
                shared = animate_tab.build(page)
                gr.Markdown(text.CONSENT)
            live_tab.build()
            with gr.Tab("Stress", id="stress") as tab:
                still_tabs.build_stress(tab, shared)
            with gr.Tab("Look inside", id="inside") as tab:
                still_tabs.build_inside(tab, shared)
            with gr.Tab("Results", id="results-tab") as tab:
                results_tab.build(tab, weights.folder)
            with gr.Tab("About", id="about"):
                _about_tab(weights.folder / "README.md")
        gr.HTML(_weights(), elem_id="weights")

        def leave(request: gr.Request) -> None:
            VISITORS.leave(request.session_hash)
            forget_session(page, request.session_hash)

        page.unload(leave)
    page.queue(max_size=24, default_concurrency_limit=4)
    poll_less(page)
    keep_no_statistics(page)
    if not engine.ZERO_GPU:
        _prepare_later()
    return page


def serve(page: gr.Blocks) -> NoReturn:
    """Launch the page and, once a signal comes, stop all jobs and end the process.

    Meanwhile the page of tab Live is built, if it is not there.
    """

    def until_signal() -> None:
        if live := live_tab.live_site():
            live.build()  # here: the end of `exit_code` ends its thread
        page.launch(**launch_options(), prevent_thread_lock=True)
        try:
            threading.Event().wait()
        finally:
            VISITORS.close()

    # no usual end: Gradio's threads may be inside torch, which would abort
    os._exit(exit_code(until_signal))


def _prepare_later() -> None:
    """Preview the first examples and time a frame soon after the start, before a visitor asks."""
    for seconds, task, arguments in (
        (1, previews.look_at_first_examples, []),
        (5, engine.PACE.frame, [len(VARIANTS)]),
    ):
        timer = threading.Timer(seconds, task, arguments)
        timer.daemon = True
        timer.start()
        atexit.register(lambda timer=timer: (timer.cancel(), timer.join()))  # wait for its end


def _about_tab(card: Path) -> None:
    gr.Markdown(markup.static("about.md"))
    scrolls = 'role="region" tabindex="0" aria-label="Diagram"'  # on a phone, also by keyboard
    gr.HTML(f'<div id="diagram" {scrolls}>{markup.static("diagram.svg")}</div>')
    if card.is_file():
        body = card.read_text(encoding="utf-8")
        if body.startswith("---"):
            body = body.split("---", 2)[2]  # the Hub's front matter
        with gr.Accordion("Model card", open=False):
            gr.Markdown(body)
    gr.Markdown(markup.static("responsible.md"))


def _weights() -> str:
    loaded = engine.load()
    parameters = sum(weight.numel() for weight in loaded.model.parameters()) / 1e6
    return markup.fine(
        f"Weights: {loaded.checkpoint.name}, {parameters:.1f} million parameters, "
        f"{loaded.size} × {loaded.size} pixels, on {loaded.device.type}."
    )
