"""The Animate tab: what it holds and what is wired to what."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ostnet.ui import animate_handlers as on
from ostnet.ui import charts, examples, figures, text
from ostnet.ui.animate_handlers import RESULT_SIZES, SCALE_WINDOWS
from ostnet.ui.inputs import MOST_SECONDS
from ostnet.ui.picture import picture_file
from ostnet.ui.wiring import MODEL_TURN, PRIVATE


@dataclass(frozen=True)
class Shared:
    """Inputs of this tab that other tabs use as well, in the order their handlers take them."""

    portrait: list[gr.components.Component]
    """Path, crop mode, face, size, right, down."""
    driving: list[gr.components.Component]
    """Path, seconds, crop mode, face."""
    zoom: gr.Slider


def build(page: gr.Blocks) -> Shared:
    """Lay the tab out, wire it, and hand over what other tabs need."""
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            portrait, portrait_view = _portrait()
        with gr.Column(min_width=300):
            driving, zoom, driving_view = _driving()
    transform, embedding, compare, mark, more = _options()
    columns = gr.Number(4, visible=False)  # of the grid
    page.load(None, outputs=columns, js="() => window.innerWidth < 600 ? 2 : 4", **PRIVATE)
    with gr.Row():
        button = gr.Button("Animate", variant="primary", elem_id="run", scale=3, interactive=False)
        stop = gr.Button(
            "Stop and keep what is done", variant="stop", visible=False, elem_id="stop"
        )
    guess = gr.Markdown(elem_id="estimate")
    status = gr.HTML(elem_id="status")
    results, outputs, paste, pasted = _results()

    looks = [
        (portrait, on.show_portrait, portrait, portrait_view),
        ([*driving, zoom], on.show_driving, [*driving, zoom], driving_view),
    ]
    wait = {
        "fn": on.estimate,
        "inputs": [*portrait[:3], *driving, compare],
        "outputs": [guess, button],
        "show_progress": "hidden",
        "concurrency_id": "estimate",  # one after the other, so that the newest answer stays
        "concurrency_limit": 1,
        **PRIVATE,
    }
    for triggers, look, inputs, view in looks:
        common = {"fn": look, "inputs": inputs, "outputs": view, **PRIVATE}
        page.load(**common, show_progress="minimal").then(**wait)
        gr.on(
            [component.change for component in triggers],
            **common,
            show_progress="hidden",
            trigger_mode="always_last",
        ).then(**wait)
    compare.change(**wait)

    after = {"outputs": [results, button, stop], "show_progress": "hidden", **PRIVATE}
    running = button.click(
        on.start, outputs=[status, results, button, stop], show_progress="hidden", **PRIVATE
    ).then(
        on.animate,
        inputs=[*portrait, *driving, zoom, transform, embedding, compare, mark, columns, *more],
        outputs=[status, *outputs],
        show_progress="minimal",
        show_progress_on=status,
        **MODEL_TURN,
    )
    running.then(on.settle, **after)
    stop.click(on.stop, outputs=stop, queue=False, show_progress="hidden", **PRIVATE)
    paste.click(on.paste, outputs=pasted, **PRIVATE)
    return Shared(portrait, driving, zoom)


def _portrait() -> tuple[list[gr.components.Component], gr.HTML]:
    picture = picture_file(
        examples.first_portrait(),
        sources=["upload", "webcam", "clipboard"],
        label="1. Portrait",
        alt_text="The portrait to animate",
        height=270,
        elem_id="portrait",
    )
    _examples(examples.PORTRAITS, picture, "Example portraits")
    view = gr.HTML(figures.note("Looking for the face…"), elem_id="portrait-view", min_height=120)
    with gr.Accordion("Adjust the square", open=False):
        mode = gr.Radio(list(on.CROPS), value="around the face", label="Place it")
        size = gr.Slider(0.5, 2, 1, step=0.05, label="Size of the square, times")
        right = gr.Slider(-50, 50, 0, step=1, label="Move right, % of the square")
        down = gr.Slider(-50, 50, 0, step=1, label="Move down, % of the square")
        face = gr.Number(1, precision=0, minimum=1, label="Which face, the largest being 1")
    return [picture, mode, face, size, right, down], view


def _driving() -> tuple[list[gr.components.Component], gr.Slider, gr.HTML]:
    clip = gr.Video(
        examples.first_driving(),
        sources=["upload", "webcam"],
        include_audio=True,
        label="2. Driving clip",
        height=270,
        elem_id="driving",
    )
    _examples(examples.DRIVING, clip, "Example clips", examples.names(examples.DRIVING))
    view = gr.HTML(figures.note("Looking for the face…"), elem_id="driving-view", min_height=120)
    zoom = gr.Slider(
        0.4, 2, 1, step=0.05, label="Driving zoom", elem_id="zoom",
        info="Make the driving face smaller or larger, as if the driver sat elsewhere.",
    )  # fmt: skip
    with gr.Accordion("Length and square of the clip", open=False):
        seconds = gr.Slider(1, MOST_SECONDS, 10, step=1, label="Seconds to use", elem_id="seconds")
        mode = gr.Radio(list(on.CLIP_CROPS), value="automatic", label="Place the square")
        face = gr.Number(1, precision=0, minimum=1, label="Which face, the largest being 1")
    return [clip, seconds, mode, face], zoom, view


def _examples(
    files: list[Path],
    target: gr.components.Component,
    label: str,
    names: list[str] | None = None,
) -> None:
    """Files that fill an input at a click, as thumbnails or under names.

    Not ``gr.Examples``: that makes the input anew for the visitor, without its own reading.
    """
    if not files:
        return
    paths = [str(file) for file in files]
    shelf = gr.Dataset(
        components=[target],
        samples=[[path] for path in paths],
        sample_labels=names,
        label=label,
        type="index",
    )
    shelf.click(
        lambda index: paths[index], shelf, target, show_progress="hidden", queue=False, **PRIVATE
    )


def _options() -> tuple:
    """Transform, embedding, compare, mark; and size and scale window of the result."""
    with gr.Row(elem_id="options"):
        transform = gr.Checkbox(
            True, label="Scale transformation",
            info="Bring every driving frame to the portrait's face size.",
        )  # fmt: skip
        embedding = gr.Checkbox(
            True, label="Scale embedding", info="Tell the picture maker what was taken out."
        )
        compare = gr.Checkbox(
            True, label="Compare all four", info="Both parts on, either off, both off.",
            elem_id="compare",
        )  # fmt: skip
        mark = gr.Checkbox(
            False, label="Visible mark", info="Write “AI-generated” into the picture."
        )
    with gr.Accordion("More", open=False):
        size = gr.Dropdown(
            list(RESULT_SIZES),
            value=next(iter(RESULT_SIZES)),
            label="Size of the result, in pixels",
            info="Motion is computed at 256; skin and hair stay as sharp as the portrait.",
        )
        window = gr.Dropdown(
            list(SCALE_WINDOWS),
            value=next(iter(SCALE_WINDOWS)),
            label="Scale measured over",
            info="The whole clip: takes out where the driver sits and keeps how they lean.",
        )
    return transform, embedding, compare, mark, [size, window]


def _results():
    with gr.Column(visible=False, elem_id="results") as results:
        headline = gr.HTML(elem_id="headline")
        gr.Markdown("### Side by side, frame by frame")
        grid = gr.Video(
            label="Side by side, frame by frame",
            show_label=False,
            autoplay=True,
            loop=True,
            elem_id="grid",
            interactive=False,
        )
        gr.HTML(text.LEGEND)
        with gr.Row():
            with gr.Column(min_width=320, scale=3):
                chart = gr.LinePlot(
                    x="seconds", y="face size", color="clip", color_map=charts.COLOURS,
                    title="Face size over time, in portrait faces", height=320, elem_id="chart",
                    colors_in_legend=list(charts.COLOURS), 
                )  # fmt: skip
                gr.Markdown(text.CHART_NOTE, elem_classes="fine")
            with gr.Column(min_width=320, scale=2):
                numbers = gr.HTML(elem_id="numbers")
        with gr.Row():
            with gr.Column(min_width=280):
                single = gr.Video(label="Result alone", elem_id="single", interactive=False,
                                  loop=True, height=320)  # fmt: skip
                paste = gr.Button("Put it back into the whole portrait", elem_id="paste")
                pasted = gr.Video(label="In the portrait", visible=False, elem_id="pasted",
                                  interactive=False, loop=True, height=320)  # fmt: skip
            with gr.Column(min_width=280):
                files = gr.File(label="Downloads", file_count="multiple", interactive=False,
                                elem_id="files")  # fmt: skip
    return results, [headline, grid, single, chart, numbers, files], paste, pasted
