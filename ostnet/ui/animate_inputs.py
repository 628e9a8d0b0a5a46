"""The inputs of the Animate tab: portrait, clip, switches; and which events fill them."""

from typing import Any

import gradio as gr
from gradio.components import Component

from ostnet.option_values import MOST_FACES, STRONGEST
from ostnet.ui import animate_handlers as on
from ostnet.ui import examples, markup, measurements
from ostnet.ui.engine import PRIVATE
from ostnet.ui.examples import Example
from ostnet.ui.given import (
    CLIP_CROPS,
    CROPS,
    HEAD_POSES,
    MOST_PAIRS,
    ONLY,
    RECTIFIED,
    RESULT_SIZES,
    SCALE_WINDOWS,
    Given,
)
from ostnet.ui.gradio_patches import picture_file
from ostnet.ui.inputs import MOST_SECONDS

PICK = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-index]');
  if (button) trigger('select', {index: Number(button.dataset.index)});
});
"""

Components = dict[str, Any]
"""Components by the names of the fields of :class:`Given`, in the same order."""


def build(
    measured: measurements.Measurements,
) -> tuple[Components, list[gr.HTML], gr.Image]:
    """Lay the inputs out; return them, their previews, and the box for a still driver.

    The previews are those of portrait, clip and strengths.

    The switches' texts state their measured effect with these weights.
    """
    with gr.Row(equal_height=False, elem_id="pair"):
        with gr.Column(min_width=150):
            portrait = picture_file(
                examples.first(examples.PORTRAITS),
                sources=["upload", "webcam", "clipboard"],
                label="1. Portrait",
                alt_text="The portrait to animate",
                height=200,
                elem_id="portrait",
            )
            portraits = _shelf(examples.PORTRAITS, portrait, "Example portraits")
            portrait_view, drawn = _view("portrait")
            faces = _faces(portrait_view)
        with gr.Column(min_width=150):
            clip = gr.Video(
                examples.first(examples.CLIPS),
                sources=["upload", "webcam"],
                include_audio=True,
                label="2. Driving clip",
                height=200,
                elem_id="driving",
            )
            clips = _shelf(examples.CLIPS, clip, "Example clips")
            clip_view, clip_drawn = _view("driving")
    drawn.render()
    clip_drawn.render()
    zoom = gr.Slider(
        0.4, 2, Given.zoom, step=0.05, label="Driving zoom", elem_id="zoom",
        info="Make the driving face smaller or larger, as if the driver sat farther or nearer.",
    )  # fmt: skip
    pose = gr.Radio(
        list(HEAD_POSES.items()), value=Given.pose, label="Head pose", elem_id="pose",
        info="The pose and place from which the head moves.",
    )  # fmt: skip
    switches = _switches(measured)
    with gr.Accordion("Square, face and length", open=False):
        square = gr.Radio(list(CROPS), value=Given.square, label="Portrait: the square")
        face = _face()
        seconds = gr.Slider(
            1, MOST_SECONDS, Given.seconds, step=1, label="Clip: seconds to use", elem_id="seconds"
        )
        clip_square = gr.Radio(list(CLIP_CROPS), value=Given.clip_square, label="Clip: the square")
        clip_face = _face()
    with gr.Accordion("Size of the result, scale window, keypoints", open=False):
        size = gr.Dropdown(
            list(RESULT_SIZES), value=Given.size, label="Size of the result, in pixels",
            info="Motion is computed at 256; skin and hair stay as sharp as the portrait.",
        )  # fmt: skip
        window = gr.Dropdown(
            list(SCALE_WINDOWS), value=Given.window, label="Scale measured over",
            info="The whole clip: removes the driver's distance and keeps leaning. The first "
            "second: the result starts at the portrait's size, and leaning remains visible.",
        )  # fmt: skip
        rectify = gr.Dropdown(
            list(RECTIFIED.items()), value=Given.rectify,
            label="Driving keypoints at the portrait's scale", elem_id="rectify",
        )  # fmt: skip
    strengths, strengths_view = _strengths()
    more, still = _more(clip)
    other_portrait = [portrait.upload, portrait.clear, portrait.input, portraits.select]
    other_clip = [clip.upload, clip.clear, clip.input, clips.select, still.change]
    for other, text in ((other_portrait, drawn), (other_clip, clip_drawn)):
        gr.on(other, lambda: "", None, text, queue=False, show_progress="hidden", **PRIVATE)
    gr.on(other_portrait, list, None, faces, queue=False, show_progress="hidden", **PRIVATE)
    components = {
        "portrait": portrait, "square": square, "face": face, "drawn": drawn, "faces": faces,
        "clip": clip, "seconds": seconds, "clip_square": clip_square, "clip_face": clip_face,
        "clip_drawn": clip_drawn, "zoom": zoom, **switches, "size": size, "window": window,
        "pose": pose, "rectify": rectify, **strengths, "more": more,
        "columns": gr.Number(Given.columns, visible=False),
    }  # fmt: skip
    return components, [portrait_view, clip_view, strengths_view], still


def _view(name: str) -> tuple[gr.HTML, gr.Textbox]:
    """Return a preview to draw a square on, and the hidden text that holds the square.

    The text is not rendered yet: in a closed accordion it would send no changes.
    """
    view = gr.HTML(
        markup.note("Looking…"), js_on_load=markup.static("crop_canvas.js"), elem_id=f"{name}-view"
    )
    text = gr.Textbox("", visible="hidden", elem_id=f"{name}-square", render=False)

    def drawn(event: gr.EventData) -> str:
        return event.square

    view.draw(drawn, None, text, show_progress="hidden", queue=False, **PRIVATE)
    return view, text


def _faces(view: gr.HTML) -> gr.CheckboxGroup:
    """Add the choice of faces, for pictures with several; a click on a face toggles it too."""
    group = gr.CheckboxGroup(
        [str(number) for number in range(1, MOST_FACES + 1)],
        label="Faces to animate together",
        info="Each performs the clip; the result is the whole picture. None ticked: one face, the "
        "square.",
        visible=False,
        elem_id="faces",
    )

    def toggle(chosen: list[str], event: gr.EventData) -> list[str]:
        return sorted(set(chosen or []) ^ {event.face})

    view.pick(toggle, group, group, show_progress="hidden", queue=False, **PRIVATE)
    return group


def _face() -> gr.Number:
    label = "Which face, the largest being 1"
    return gr.Number(Given.face, precision=0, minimum=1, maximum=99, label=label)


def _shelf(shown: list[Example], target: Component, label: str) -> gr.HTML:
    """Add examples that fill an input at a click; hidden where there are none.

    Not ``gr.Examples``, which replaces the input by one without the patch of `picture_file`.
    """
    shelf = gr.HTML(examples.shelf(shown, label), js_on_load=PICK, visible=bool(shown))

    def fill(event: gr.EventData) -> str:
        return str(shown[int(event.index)].file)

    shelf.select(fill, None, target, show_progress="hidden", queue=False, **PRIVATE)
    return shelf


def _switches(measured: measurements.Measurements) -> Components:
    with gr.Column(elem_id="options", min_width=100):
        transform = gr.Checkbox(
            Given.transform, label="Scale transformation",
            info="Brings every driving frame to the portrait's face size. "
            + measurements.transform_effect(measured),
        )  # fmt: skip
        embedding = gr.Checkbox(
            Given.embedding, label="Scale embedding",
            info="Tells the generator which scale was removed. "
            + measurements.embedding_effect(measured),
        )  # fmt: skip
        with gr.Row():
            compare = gr.Checkbox(
                Given.compare, label="Compare all four", info="Both on, either off, both off.",
                elem_id="compare", min_width=120,
            )  # fmt: skip
            mark = gr.Checkbox(
                Given.mark, label="Visible mark", info="Writes “AI-generated” into the video.",
                min_width=120,
            )  # fmt: skip
    return {"transform": transform, "embedding": embedding, "compare": compare, "mark": mark}


def _strengths() -> tuple[Components, gr.HTML]:
    """Add the choice of what is transferred, and its preview."""
    with gr.Accordion("What is transferred, and how strongly", open=False, elem_id="strengths"):
        only = gr.Dropdown(
            list(ONLY), value=Given.only, label="Transferred", elem_id="only",
            info="The rest stays as in the portrait. Needs the head pose “the portrait's own”.",
        )  # fmt: skip
        sliders = {
            name: gr.Slider(0, STRONGEST, 1, step=0.05, label=label, elem_id=name)
            for name, label in (
                ("mouth", "Mouth: strength"),
                ("eyelids", "Eyelids: strength"),
                ("head", "Head: strength"),
            )
        }
        view = gr.HTML(elem_id="strengths-view")
    return {"only": only, **sliders}, view


def _more(clip: gr.Video) -> tuple[gr.File, gr.Image]:
    """Add an input for further files, and one for a still picture that fills ``clip``."""
    with gr.Accordion("More portraits or clips, a still driver", open=False):
        more = gr.File(
            label="More portraits and clips: drop several here",
            file_count="multiple",
            file_types=["image", "video", ".safetensors"],
            elem_id="more",
            height=130,
        )
        gr.Markdown(
            f"Every portrait is animated with every clip, at most {MOST_PAIRS} pairs. The squares "
            "are chosen automatically. A motion file (from a run's downloads or `ostnet "
            "motion`) is a clip too. Without a driving clip above, the first one here replaces it.",
            elem_classes="fine",
        )
        still = picture_file(
            None,
            sources=["upload", "clipboard"],
            label="A still picture as the driver",
            height=150,
            elem_id="still",
        )
        gr.Markdown(
            "Nothing moves in a still picture, so the portrait always takes its pose. The head "
            "stays at the portrait's place; with “as in the paper” it moves to the driver's.",
            elem_classes="fine",
        )
    still.change(on.perform_still, still, clip, show_progress="hidden", **PRIVATE)
    return more, still
