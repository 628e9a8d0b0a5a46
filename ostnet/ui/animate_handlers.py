"""What happens on the Animate tab: looking at inputs, estimating, running, pasting back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr

from ostnet.animation import VARIANTS
from ostnet.animation.render import Step, Take, run_folder
from ostnet.animation.scene import Scene
from ostnet.errors import InputError
from ostnet.methods import variant_name
from ostnet.ui import charts, drawing, engine, figures, text
from ostnet.ui.inputs import Driving, Portrait, adjusted, look_at_driving, look_at_portrait
from ostnet.ui.inputs import make_scene as scene_of
from ostnet.ui.paste_back import paste_back
from ostnet.ui.visitors import VISITORS, Visitor

REFRESH = 0.8
"""Seconds between two looks at a run."""

CROPS = {"around the face": "auto", "centre of the picture": "none"}
RESULT_SIZES = {
    "as the portrait, up to 512": None,
    "256": "256",
    "512": "512",
    "1024": "1024",
    "as the portrait": "portrait",
}
SCALE_WINDOWS = {"each frame": "frame", "the whole clip": "clip", "the last 2 seconds": 2.0}
CLIP_CROPS = {"automatic": "auto", "around the face": "fixed", "centre of the picture": "none"}


@dataclass(frozen=True)
class LastRun:
    """What the paste-back button needs."""

    scene: Scene
    take: Take
    variant: str


def seen_portrait(visitor: Visitor, path, mode, face, size, right, down) -> Portrait:
    """The portrait as adjusted; the face is looked for once."""
    look = visitor.once(
        ("portrait", path, mode, face), lambda: look_at_portrait(path, CROPS[mode], int(face) - 1)
    )
    return adjusted(look, size, right / 100, down / 100)


def seen_driving(visitor: Visitor, path, seconds, mode, face) -> Driving:
    """The driving clip; the face is looked for once."""
    return visitor.once(
        ("driving", path, seconds, mode, face),
        lambda: look_at_driving(path, seconds, CLIP_CROPS[mode], int(face) - 1),
    )


def show_portrait(path, mode, face, size, right, down, request: gr.Request) -> str:
    """The portrait with its square, and the square alone."""
    if not path:
        return figures.note("Choose a portrait: a picture with one face, seen from the front.")
    visitor = VISITORS.get(request.session_hash, path)
    try:
        look = seen_portrait(visitor, path, mode, face, size, right, down)
    except InputError as error:
        return _complaint(error)
    crop = figures.Figure(
        drawing.crop_outline(look.image, look.crop),
        "the square that is animated",
        "The portrait, dark outside the square that is animated.",
    )
    square = figures.Figure(
        look.square(engine.SIZE), "what the networks see", "The square of the portrait."
    )
    remark = figures.note(look.note, "warn") if look.note else ""
    return figures.row([crop, square], 130) + remark


def show_driving(path, seconds, mode, face, zoom, request: gr.Request) -> str:
    """A frame of the clip with its square, and the square as zoomed."""
    if not path:
        return figures.note("Choose a driving clip: a few seconds of one moving face.")
    visitor = VISITORS.get(request.session_hash, path)
    try:
        look = seen_driving(visitor, path, seconds, mode, face)
    except InputError as error:
        return _complaint(error)
    crop = figures.Figure(
        drawing.crop_outline(look.whole, look.crop.at(look.frames // 2)),
        "one square for the whole clip",
        "A frame of the driving clip, dark outside the square that is used.",
    )
    seen = figures.Figure(
        engine.zoomed(look.middle, (zoom, zoom)),
        "what the networks see" + ("" if zoom == 1 else f", {zoom:g} times as large"),
        "The square of the driving frame after the driving zoom.",
    )
    remarks = figures.note(look.note, "warn") if look.note else ""
    if look.frames < look.info.frames:
        remarks += figures.note(
            f"This clip lasts {look.info.duration:.1f} s; its first "
            f"{float(look.frames / look.info.fps):.1f} s are used. "
            "Move the slider “seconds to use” for another length."
        )
    return figures.row([crop, seen], 130) + remarks


def estimate(
    portrait, crop, portrait_face, driving, seconds, mode, face, compare, request: gr.Request
):
    """How long a run will take, and whether the button can work at all.

    Follows every look at an input, and only knows what those have found.
    """
    visitor = VISITORS.get(request.session_hash, portrait, driving)
    seen = visitor.known(("portrait", portrait, crop, portrait_face))
    clip = visitor.known(("driving", driving, seconds, mode, face))
    if seen is None or clip is None:
        return "", gr.Button(interactive=False)
    frames = clip.frames
    variants = len(VARIANTS) if compare else 1
    wait = 1 + frames * engine.PACE.frame(variants)
    many = f"{frames} frames" + (f", {variants} variants each" if variants > 1 else "")
    words = f"{many}: about {_duration(wait)} on this machine ({_device()})."
    if engine.ZERO_GPU:
        words += f" Takes about {_duration(wait + 3)} of your GPU quota; without an account it is "
        words += "two minutes a day."
    return words, gr.Button(interactive=True)


def start(request: gr.Request) -> list:
    """What a click shows at once, before the run gets its turn."""
    VISITORS.get(request.session_hash).stop.clear()
    return [
        figures.progress(0, 1, "Waiting for a turn…"),
        gr.Column(visible=False),
        gr.Button(interactive=False),
        gr.Button("Stop and keep what is done", visible=True, interactive=True),
    ]


def animate(
    portrait, mode, face, size, right, down,
    driving, seconds, clip_mode, clip_face, zoom,
    transform, embedding, compare, mark, columns, result_size, window,
    request: gr.Request,
) -> Iterator[tuple]:  # fmt: skip
    """Run; yields (status, headline, grid, single, chart, table, files), None where unchanged."""
    visitor = VISITORS.get(request.session_hash, portrait, driving)
    visitor.forget_runs()
    if visitor.stop.is_set():
        yield (figures.note("Stopped before it began."), *[gr.skip()] * 6)
        return
    variant = variant_name(transform, embedding)
    names = list(VARIANTS) if compare else [variant]
    shown = 0.0
    try:
        scene = scene_of(
            seen_portrait(visitor, portrait, mode, face, size, right, down),
            seen_driving(visitor, driving, seconds, clip_mode, clip_face),
            (zoom, zoom),
            RESULT_SIZES[result_size],
            SCALE_WINDOWS[window],
        )
        events = run_folder(
            scene,
            visitor.run_folder(),
            names,
            engine.network,
            visitor.stop.is_set,
            mark=mark,
            columns=int(columns),
        )
        for event in events:
            if isinstance(event, Take):
                engine.PACE.learn(len(names), event.seconds, event.frames)
                visitor.last = LastRun(scene, event, variant)
                yield _result(event, variant)
            elif time.monotonic() - shown >= REFRESH:
                shown = time.monotonic()
                yield (_status(event), *[gr.skip()] * 6)
    except InputError as error:
        yield (_complaint(error), *[gr.skip()] * 6)


def settle(request: gr.Request):
    """Once the run is over: results shown if there are any, buttons back."""
    done = VISITORS.get(request.session_hash).last is not None
    return gr.Column(visible=done), gr.Button(interactive=True), gr.Button(visible=False)


def stop(request: gr.Request) -> str:
    """End the run after its present frame."""
    VISITORS.get(request.session_hash).stop.set()
    return gr.Button("Stopping…", interactive=False)


def paste(request: gr.Request):
    """The last result put back into the whole portrait."""
    visitor = VISITORS.get(request.session_hash)
    last = visitor.last
    if not isinstance(last, LastRun):
        gr.Warning("There is no result to put back; press Animate first.")
        return gr.skip()
    clip = last.take.files[last.variant]
    output = clip.with_name("portrait.mp4")
    return gr.Video(str(paste_back(last.scene, clip, output)), visible=True)


def _status(step: Step) -> str:
    words = f"Frame {step.done} of {step.total}, about {_duration(step.seconds_left)} left"
    newest = figures.Figure(step.picture, "", "The newest frame of the comparison.")
    return figures.progress(step.done, step.total, words) + figures.row([newest])


def _result(take: Take, variant: str) -> tuple:
    frames = take.document["frames"]
    held = sum(frame["held"] for frame in frames)
    rate = sum(frame["ms"] for frame in frames) / len(frames)
    words = f"{'Stopped: ' if take.stopped else ''}{len(frames)} frames in {take.seconds:.1f} s"
    words += f", {rate:.0f} ms per frame in the networks."
    if held:
        words += f" {held} frames showed no face and repeat the last motion."
    single = take.files[variant]
    numbers = figures.table(
        ["variant", "face size", "scale error", "off by"],
        charts.number_rows(take.document),
        text.TABLE_NOTE,
    )
    return (
        figures.note(words),
        figures.note(charts.headline(take.document), "good"),
        str(take.files["grid"]),
        gr.Video(str(single), label=f"Result alone: {charts.SERIES[variant]}"),
        gr.LinePlot(charts.chart_rows(take.document), y_lim=charts.limits(take.document)),
        numbers,
        [str(path) for path in take.files.values()],
    )


def _complaint(error: InputError) -> str:
    gr.Warning(str(error))
    return figures.note(str(error), "warn")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _device() -> str:
    return "its processor" if engine.DEVICE.type == "cpu" else "its GPU"
