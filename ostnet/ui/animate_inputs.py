"""What a visitor fills in on the Animate tab: portrait, clip, switches; and what they do."""

from dataclasses import dataclass

import gradio as gr

from ostnet.ui import animate_handlers as on
from ostnet.ui import crop_canvas, examples, measurements, previews
from ostnet.ui import markup as figures
from ostnet.ui.animate_handlers import HEAD_POSES, RESULT_SIZES, SCALE_WINDOWS
from ostnet.ui.engine import PRIVATE
from ostnet.ui.examples import Example
from ostnet.ui.gradio_patches import picture_file
from ostnet.ui.inputs import MOST_PAIRS, MOST_SECONDS

PICK = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-index]');
  if (button) trigger('select', {index: Number(button.dataset.index)});
});
"""


@dataclass(frozen=True)
class Inputs:
    """The components, in the order their handlers take them."""

    portrait: list[gr.components.Component]
    """Path, crop mode, face, square by hand."""
    driving: list[gr.components.Component]
    """Path, seconds, crop mode, face, square by hand."""
    zoom: gr.Slider
    switches: list[gr.Checkbox]
    """Transform, embedding, compare, mark."""
    result: list[gr.Dropdown | gr.Radio]
    """Size, scale window and head pose."""
    more: gr.File
    """Further portraits and clips."""
    shared: list[gr.components.Component]
    """What a link restores, in the order of ``share.SETTINGS``."""
    views: tuple[gr.HTML, gr.HTML]
    """What was seen in the portrait and in the clip."""


def build(measured: measurements.Measurements) -> Inputs:
    """Lay everything out; the switches say what they do in these weights."""
    with gr.Row(equal_height=False, elem_id="pair"):
        with gr.Column(min_width=150):
            picture = picture_file(
                examples.first(examples.PORTRAITS),
                sources=["upload", "webcam", "clipboard"],
                label="1. Portrait",
                alt_text="The portrait to animate",
                height=200,
                elem_id="portrait",
            )
            portraits = _shelf(examples.PORTRAITS, picture, "Example portraits")
            portrait_view = gr.HTML(
                figures.note("Looking…"), js_on_load=crop_canvas.DRAW, elem_id="portrait-view"
            )
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
            driving_view = gr.HTML(
                figures.note("Looking…"), js_on_load=crop_canvas.DRAW, elem_id="driving-view"
            )
    drawn = crop_canvas.field(portrait_view, "portrait-square")
    clip_drawn = crop_canvas.field(driving_view, "driving-square")
    zoom = gr.Slider(
        0.4, 2, 1, step=0.05, label="Driving zoom", elem_id="zoom",
        info="Make the driving face smaller or larger, as if the driver sat elsewhere.",
    )  # fmt: skip
    pose = gr.Radio(
        [(words, value) for value, words in HEAD_POSES.items()],
        value=next(iter(HEAD_POSES)),
        label="Head pose",
        info="The pose and place that the head moves from.",
        elem_id="pose",
    )
    switches = _switches(measured)
    with gr.Accordion("Square, face and length", open=False):
        mode = gr.Radio(list(previews.CROPS), value="around the face", label="Portrait: the square")
        face = gr.Number(1, precision=0, minimum=1, label="Which face, the largest being 1")
        seconds = gr.Slider(
            1,
            MOST_SECONDS,
            previews.FIRST_SECONDS,
            step=1,
            label="Clip: seconds to use",
            elem_id="seconds",
        )
        clip_mode = gr.Radio(list(previews.CLIP_CROPS), value="automatic", label="Clip: the square")
        clip_face = gr.Number(1, precision=0, minimum=1, label="Which face, the largest being 1")
    result = [*_result(), pose]
    more, still = _more(clip)
    other_portrait = [picture.upload, picture.clear, picture.input, portraits.select]
    other_clip = [clip.upload, clip.clear, clip.input, clips.select, still.change]
    for other, square in ((other_portrait, drawn), (other_clip, clip_drawn)):
        gr.on(other, lambda: "", None, square, queue=False, show_progress="hidden", **PRIVATE)
    return Inputs(
        portrait=[picture, mode, face, drawn],
        driving=[clip, seconds, clip_mode, clip_face, clip_drawn],
        zoom=zoom,
        switches=switches,
        result=result,
        more=more,
        shared=[zoom, seconds, *switches, *result],
        views=(portrait_view, driving_view),
    )


def _shelf(shown: list[Example], target: gr.components.Component, label: str) -> gr.HTML:
    """Examples that fill an input at a click; none where none are shipped.

    Not ``gr.Examples``: that makes the input anew for the visitor, without its own reading.
    """
    shelf = gr.HTML(examples.shelf(shown, label), js_on_load=PICK, visible=bool(shown))

    def fill(event: gr.EventData) -> str:
        return str(shown[int(event.index)].file)

    shelf.select(fill, None, target, show_progress="hidden", queue=False, **PRIVATE)
    return shelf


def _switches(measured: measurements.Measurements) -> list[gr.Checkbox]:
    with gr.Column(elem_id="options", min_width=100):
        transform = gr.Checkbox(
            True, label="Scale transformation",
            info="Brings every driving frame to the portrait's face size. "
            + measurements.transform_effect(measured),
        )  # fmt: skip
        embedding = gr.Checkbox(
            True, label="Scale embedding",
            info="Tells the picture maker what was taken out. "
            + measurements.embedding_effect(measured),
        )  # fmt: skip
        with gr.Row():
            compare = gr.Checkbox(
                True, label="Compare all four", info="Both on, either off, both off.",
                elem_id="compare", min_width=120,
            )  # fmt: skip
            mark = gr.Checkbox(
                False, label="Visible mark", info="Writes “AI-generated” into it.", min_width=120
            )
    return [transform, embedding, compare, mark]


def _result() -> list[gr.Dropdown]:
    with gr.Accordion("Size of the result, scale window", open=False):
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
            info="The whole clip: takes out where the driver sits and keeps how they lean. The "
            "first second: the result starts at the portrait's size, then leaning shows.",
        )
    return [size, window]


def _more(clip: gr.Video) -> tuple[gr.File, gr.Image]:
    with gr.Accordion("More portraits or clips, a still driver", open=False):
        more = gr.File(
            label="More portraits and clips: drop several here",
            file_count="multiple",
            file_types=["image", "video"],
            elem_id="more",
            height=130,
        )
        gr.Markdown(
            f"Every portrait performs every clip, at most {MOST_PAIRS} pairs; faces are framed "
            "automatically.",
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
            "Nothing moves in a still picture, so the portrait always takes its pose: at the "
            "portrait's place, or with “as in the paper” at the driver's.",
            elem_classes="fine",
        )
    still.change(on.perform_still, still, clip, show_progress="hidden", **PRIVATE)
    return more, still
