"""The Animate tab: its layout, with the inputs beside the result, and its events."""

import gradio as gr
from gradio.events import Dependency

from ostnet.ui import animate_handlers as on
from ostnet.ui import animate_inputs, drops, engine, markup, previews, saved_inputs, text
from ostnet.ui.animate_inputs import Components
from ostnet.ui.engine import MODEL_TURN, PRIVATE
from ostnet.ui.measurements import Measurements
from ostnet.ui.preload import Comparison, load_comparison

SHOW = """() => {
  const outcome = document.getElementById('outcome'), top = outcome.getBoundingClientRect().top;
  if (top < 0 || top > innerHeight / 2) outcome.scrollIntoView({behavior: 'smooth'});
  return [];
}"""
"""Brings the result into view when a run starts."""

COPY = """query => {
  const link = location.origin + location.pathname + query;
  navigator.clipboard?.writeText(link).catch(() => {});
  return link;
}"""


def build(page: gr.Blocks) -> Components:
    """Lay the tab out, connect its events, and return its inputs for the other tabs."""
    with gr.Row(equal_height=True, elem_id="stage"):
        with gr.Column(elem_id="inputs", min_width=300):
            measured = Measurements(engine.load().checkpoint.folder)
            inputs, views, still = animate_inputs.build(measured)
            drops.build(inputs, still)
            with gr.Column(elem_id="bar", min_width=100):
                with gr.Row():
                    button = gr.Button(
                        "Animate", variant="primary", elem_id="run", interactive=False, min_width=90
                    )
                    stop = gr.Button(
                        "Stop and keep", variant="stop", visible=False, elem_id="stop",
                        min_width=90,
                    )  # fmt: skip
                guess = gr.Markdown(elem_id="estimate", elem_classes="fine")
            shared = gr.Button("Copy a link to these settings", size="sm", elem_id="share")
            link = gr.Textbox(visible=False, label="Link, copied", elem_id="link", lines=1)
        with gr.Column(elem_id="outcome", elem_classes="outcome", min_width=300):
            ready = load_comparison(engine.load().checkpoint)
            status = gr.HTML("" if ready else markup.note(text.NO_SHOWCASE), elem_id="status")
            results, mine, outputs, which, together, paste, pasted = _outcome(ready)
    opened = saved_inputs.connect(page, inputs)
    _connect_previews(opened, inputs, views, guess, button)
    columns = "() => window.innerWidth < 600 ? 2 : 4"
    page.load(None, outputs=inputs["columns"], js=columns, **PRIVATE)

    running = button.click(
        on.start, outputs=[status, results, button, stop], show_progress="hidden", js=SHOW,
        **PRIVATE,
    ).then(
        on.animate, inputs=list(inputs.values()), outputs=[status, *outputs],
        show_progress="hidden", **MODEL_TURN,
    )  # fmt: skip
    after = [results, mine, button, stop, together, which]
    running.then(on.settle, outputs=after, show_progress="hidden", **PRIVATE)
    stop.click(on.stop, outputs=stop, queue=False, show_progress="hidden", **PRIVATE)
    which.input(on.choose, which, outputs, show_progress="hidden", **PRIVATE)
    paste.click(on.paste, which, pasted, **PRIVATE)
    _connect_link(inputs, shared, link)
    return inputs


def _connect_previews(
    opened: Dependency,
    inputs: Components,
    views: list[gr.HTML],
    guess: gr.Markdown,
    button: gr.Button,
) -> None:
    """Preview every change of an input, and then estimate the run."""
    everything = list(inputs.values())
    wait = {
        "fn": on.estimate,
        "inputs": everything,
        "outputs": [guess, button],
        "show_progress": "hidden",
        "concurrency_id": "estimate",  # one at a time, so that the newest comes last
        "concurrency_limit": 1,
        **PRIVATE,
    }
    for preview, triggers, view in (
        (
            previews.show_portrait,
            ("portrait", "square", "face", "drawn", "faces"),
            [views[0], inputs["faces"]],
        ),
        (
            previews.show_driving,
            ("clip", "seconds", "clip_square", "clip_face", "clip_drawn", "zoom", "more"),
            views[1],
        ),
    ):
        common = {"fn": preview, "inputs": everything, "outputs": view, **PRIVATE}
        opened.then(**common, show_progress="hidden").then(**wait)
        gr.on(
            [inputs[name].change for name in triggers],
            **common,
            show_progress="hidden",
            trigger_mode="always_last",
        ).then(**wait)
    inputs["compare"].change(**wait)
    gr.on(
        [inputs[name].change for name in ("only", "mouth", "eyelids", "head")],
        previews.show_strengths, everything, views[2],
        trigger_mode="always_last", show_progress="hidden", **MODEL_TURN,
    )  # fmt: skip


def _connect_link(inputs: Components, shared: gr.Button, link: gr.Textbox) -> None:
    """Show and copy a link to the settings."""
    linked = saved_inputs.settings(inputs)

    def query(portrait, clip, *values):
        return gr.Textbox(saved_inputs.link(linked, portrait, clip, values), visible=True)

    shared.click(
        query, [inputs["portrait"], inputs["clip"], *linked.values()], link,
        show_progress="hidden", queue=False, **PRIVATE,
    ).then(None, link, link, js=COPY, **PRIVATE)  # fmt: skip


def _outcome(ready: Comparison | None) -> tuple:
    """Lay out what a run shows; before the first run, the showcase of these weights."""
    with gr.Column(visible=ready is not None, elem_id="results") as results:
        which = gr.Radio([], label="Which result", visible=False, elem_id="which")
        shown = [
            gr.HTML(ready and ready.headline, elem_id="headline"),
            gr.HTML(ready and ready.grid, elem_id="grid"),
            gr.HTML(ready and ready.chart, elem_id="chart"),
            gr.HTML(ready and ready.numbers, elem_id="numbers"),
        ]
        with gr.Column(visible=False, elem_id="mine") as mine:
            with gr.Row():
                with gr.Column(min_width=280):
                    single = gr.Video(label="Result alone", elem_id="single", interactive=False,
                                      loop=True, height=320)  # fmt: skip
                    paste = gr.Button("Put it back into the whole portrait", elem_id="paste")
                    pasted = gr.HTML(visible=False, elem_id="pasted")
                with gr.Column(min_width=280):
                    together = gr.DownloadButton("Download all as ZIP", elem_id="zip")
                    files = gr.File(label="Downloads", file_count="multiple", interactive=False,
                                    elem_id="files")  # fmt: skip
                    gr.Markdown(text.MOTION_NOTE, elem_classes="fine")
    return results, mine, [*shown, single, files], which, together, paste, pasted
