"""The Stress and Look inside tabs: single driving frames."""

from typing import Any

import gradio as gr
import numpy as np

from ostnet.animation import VARIANTS
from ostnet.animation.outputs import LABELS
from ostnet.errors import InputError
from ostnet.ui import drawing, engine, markup, text
from ostnet.ui.animate_inputs import Components
from ostnet.ui.engine import MODEL_TURN, PRIVATE
from ostnet.ui.given import Given
from ostnet.ui.markup import Figure
from ostnet.ui.previews import seen_driving, seen_portrait
from ostnet.ui.visitors import VISITORS

LEAST, MOST = 0.4, 2.0
"""Range of the factors by which the Stress tab stretches the driving face."""

_PLACE = """(x, y) => {
  const detail = {x, y};
  document.querySelector('#stress-pad .pad')?.dispatchEvent(new CustomEvent('place', {detail}));
}"""
"""Script that moves the pad's knob to the sliders' values."""


def build_stress(tab: gr.Tab, shared: Components) -> None:
    """Lay out the Stress tab: a pad for both scales, and the four variants of one frame."""
    gr.Markdown(text.STRESS)
    with gr.Row(equal_height=False, elem_id="stress-row"):
        with gr.Column(min_width=240, scale=1):
            x, y = (
                gr.Slider(LEAST, MOST, 0.5, step=0.05, label=f"s_{axis}: times as {adjective}",
                          elem_id=f"stress-{axis}", render=False)
                for axis, adjective in (("x", "wide"), ("y", "high"))
            )  # fmt: skip
            _stress_pad(x, y)
            x.render()
            y.render()
            position = gr.Slider(0, 100, 50, step=4, label="Frame of the clip, %")
        with gr.Column(min_width=320, scale=4):
            view = gr.HTML(elem_id="stress-view", min_height=300)
    gr.on(
        [tab.select, x.change, y.change, position.change],
        stress, [x, y, position, *shared.values()], view,
        trigger_mode="always_last", show_progress="minimal", **MODEL_TURN,
    )  # fmt: skip


def _stress_pad(x: gr.Slider, y: gr.Slider) -> None:
    """Add a pad that sets two sliders by one drag; a slider moves the pad's knob."""
    pad = gr.HTML(
        markup.static("stress_pad.html").format(least=LEAST, most=MOST),
        js_on_load=markup.static("stress_pad.js"),
        elem_id="stress-pad",
    )

    def picked(event: gr.EventData) -> tuple[float, float]:
        return float(event.x), float(event.y)

    pad.pick(picked, None, [x, y], show_progress="hidden", queue=False, **PRIVATE)
    # not the event change: values that the pad has set may come back late
    gr.on([x.input, y.input], None, [x, y], None, js=_PLACE, queue=False, **PRIVATE)


def build_inside(tab: gr.Tab, shared: Components) -> None:
    """Lay out the Look inside tab: each step of the networks for one driving frame."""
    gr.Markdown(text.INSIDE)
    position = gr.Slider(0, 100, 50, step=4, label="Frame of the clip, %", elem_id="inside-frame")
    with gr.Row():
        with gr.Column(min_width=300):
            slider = gr.ImageSlider(
                label="Before and after the scale transformation", height=340,
                elem_id="inside-slider", interactive=False, buttons=["fullscreen"], format="jpeg",
            )  # fmt: skip
        with gr.Column(min_width=300):
            words = gr.HTML(elem_id="inside-words")
    view = gr.HTML(elem_id="inside-view", min_height=300)
    gr.on(
        [tab.select, position.change],
        inside, [position, *shared.values()], [slider, words, view],
        trigger_mode="always_last", show_progress="minimal", **MODEL_TURN,
    )  # fmt: skip


def stress(request: gr.Request, x: float, y: float, position: float, *values: Any) -> str:
    """Return figures of source, driving and rectified frame, and of the four variants."""
    try:
        source, frame = _pair(Given(*values), position, request)
    except InputError as error:
        return markup.note(str(error), "warn")
    spread, made = engine.still(source, frame, (x, y))
    full = made["full"]
    assert full.rectified is not None
    s_x, s_y = full.scale
    measured = f"rectified: measured {s_x:.2f} × {s_y:.2f} portrait faces"
    shown = [
        Figure(source, "portrait", "The portrait's square."),
        Figure(full.driving, f"driving, {x:g} × {y:g}", "The driving frame at the chosen scale."),
        Figure(full.rectified, measured, "The driving frame after the scale transformation."),
    ]
    results = []
    for name in VARIANTS:
        one, label = made[name], LABELS[name]
        face = " × ".join(f"{a / b:.2f}" for a, b in zip(one.spread or spread, spread, strict=True))
        results.append(
            Figure(one.image, f"{label}: face {face}", f"Result of the variant: {label}.")
        )
    return markup.row(shown) + "<p></p>" + markup.row(results)


def inside(request: gr.Request, position: float, *values: Any) -> tuple:
    """Return (before and after, sentence, figures) of one frame."""
    given = Given(*values)
    try:
        source, frame = _pair(given, position, request)
    except InputError as error:
        return None, markup.note(str(error), "warn"), ""
    seen = engine.inspect(source, frame, (given.zoom, given.zoom))
    s_x, s_y = seen.scale
    words = (
        f"OSTNet measured that this driving face is {s_x:.2f} times as wide and {s_y:.2f} times "
        "as high as the portrait's. Drag the divider: on the left is the original driving frame, "
        "on the right the rectified frame, whose keypoints drive the portrait."
    )
    before_after = seen.driving, seen.rectified
    return before_after, markup.note(words), markup.row(_steps(source, seen), 250)


def _steps(source: np.ndarray, seen: engine.Insides) -> list[Figure]:
    count, blue = len(seen.x_source), (seen.x_source, drawing.BLUE)
    return [
        Figure(
            drawing.points(source, blue),
            f"Portrait: its {count} keypoints show the place and size of the face.",
            f"The portrait with {count} blue points.",
        ),
        Figure(
            drawing.points(seen.driving, (seen.x_driving, drawing.RED)),
            "Driving frame: the same detector's keypoints, at the driver's scale.",
            f"The driving frame with {count} red points.",
        ),
        Figure(
            drawing.spline(seen.driving, seen.grid, seen.fiducials),
            "The spline: 12 fiducial points (amber) define the grid that samples this frame.",
            "The driving frame under a net of lines with 12 amber points at its border.",
        ),
        Figure(
            drawing.points(seen.rectified, blue, (seen.x_rectified, drawing.TEAL)),
            "Rectified frame: its keypoints (green) have the same spread as the portrait's (blue).",
            f"The rectified driving frame with {count} green and {count} blue points.",
        ),
        Figure(
            drawing.flow_colours(seen.displacement),
            "Dense flow: hue is the direction from which a pixel is taken, saturation the "
            "distance.",
            "A colour map of the motion from portrait to result.",
        ),
        Figure(
            drawing.occlusion_map(seen.occlusion),
            "Occlusion: white is taken from the portrait, black is generated.",
            "A grey map of what the portrait shows.",
        ),
        Figure(
            seen.image,
            "Result: the portrait's features, moved by the flow and decoded.",
            "The generated frame.",
        ),
    ]


def _pair(given: Given, position: float, request: gr.Request) -> tuple[np.ndarray, np.ndarray]:
    """Return the portrait's square and the driving frame's of the Animate tab's inputs."""
    if not given.portrait or not given.clip:
        raise InputError(text.NO_INPUTS)
    visitor = VISITORS.get(request.session_hash, given.portrait, given.clip)
    source = seen_portrait(visitor, given).square(engine.load().size)
    return source, seen_driving(visitor, given).still(position / 100)
