"""The Animate tab: inputs beside the result, and what is wired to what."""

import gradio as gr
from gradio.events import Dependency

from ostnet.ui import animate_handlers as on
from ostnet.ui import animate_inputs, browser_storage, engine, previews, share, text
from ostnet.ui import markup as figures
from ostnet.ui.animate_inputs import Inputs
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


def build(page: gr.Blocks) -> Inputs:
    """Lay the tab out, wire it, and hand over what other tabs need."""
    with gr.Row(equal_height=True, elem_id="stage"):
        with gr.Column(elem_id="inputs", min_width=300):
            inputs = animate_inputs.build(Measurements(engine.load().checkpoint.folder))
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
            status = gr.HTML("" if ready else figures.note(text.NO_SHOWCASE), elem_id="status")
            results, mine, outputs, which, together, paste, pasted = _outcome(ready)
    opened = browser_storage.connect(page, inputs)
    _wire_looks(opened, inputs, guess, button)
    columns = gr.Number(4, visible=False)  # of the grid
    page.load(None, outputs=columns, js="() => window.innerWidth < 600 ? 2 : 4", **PRIVATE)

    running = button.click(
        on.start, outputs=[status, results, button, stop], show_progress="hidden", js=SHOW,
        **PRIVATE,
    ).then(
        on.animate,
        inputs=[*inputs.portrait, *inputs.driving, inputs.zoom, *inputs.switches, columns,
                *inputs.result, inputs.more],
        outputs=[status, *outputs],
        show_progress="hidden",
        **MODEL_TURN,
    )  # fmt: skip
    after = [results, mine, button, stop, together, which]
    running.then(on.settle, outputs=after, show_progress="hidden", **PRIVATE)
    stop.click(on.stop, outputs=stop, queue=False, show_progress="hidden", **PRIVATE)
    which.input(on.choose, which, outputs, show_progress="hidden", **PRIVATE)
    paste.click(on.paste, which, pasted, **PRIVATE)
    _wire_link(inputs, shared, link)
    return inputs


def _wire_looks(opened: Dependency, inputs: Inputs, guess: gr.Markdown, button: gr.Button) -> None:
    """Every change of an input is looked at, and then the estimate follows."""
    compare = inputs.switches[2]
    wait = {
        "fn": on.estimate,
        "inputs": [*inputs.portrait[:3], *inputs.driving[:4], compare, inputs.more],
        "outputs": [guess, button],
        "show_progress": "hidden",
        "concurrency_id": "estimate",  # one after the other, so that the newest answer stays
        "concurrency_limit": 1,
        **PRIVATE,
    }
    seen, zoomed = inputs.views
    for look, triggers, view in (
        (previews.show_portrait, inputs.portrait, seen),
        (previews.show_driving, [*inputs.driving, inputs.zoom], zoomed),
    ):
        common = {"fn": look, "inputs": triggers, "outputs": view, **PRIVATE}
        opened.then(**common, show_progress="hidden").then(**wait)
        gr.on(
            [component.change for component in triggers],
            **common,
            show_progress="hidden",
            trigger_mode="always_last",
        ).then(**wait)
    gr.on([compare.change, inputs.more.change], **wait)


def _wire_link(inputs: Inputs, shared: gr.Button, link: gr.Textbox) -> None:
    """A link to the settings."""

    def query(portrait, driving, *values):
        return gr.Textbox(share.link(portrait, driving, values), visible=True)

    files = [inputs.portrait[0], inputs.driving[0]]
    shared.click(
        query, [*files, *inputs.shared], link, show_progress="hidden", queue=False, **PRIVATE
    ).then(None, link, link, js=COPY, **PRIVATE)


def _outcome(ready: Comparison | None) -> tuple:
    """What a run shows; until there is one, the comparison that was made of these weights."""
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
    return results, mine, [*shown, single, files], which, together, paste, pasted
