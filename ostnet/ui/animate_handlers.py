"""The event handlers of the Animate tab: estimate, run, choice of a result, pasting back."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import gradio as gr

from ostnet.animation import VARIANTS
from ostnet.animation.group import Group
from ostnet.animation.pipeline import Step
from ostnet.errors import InputError
from ostnet.ui import engine, markup, runs
from ostnet.ui.given import Given
from ostnet.ui.inputs import make_group, make_scene, still_clip
from ostnet.ui.markup import player
from ostnet.ui.previews import complaint, seen_driving, seen_portrait
from ostnet.ui.visitors import VISITORS

REFRESH = 0.5
"""Seconds between two updates of the progress of a run."""


def perform_still(path: str | None, request: gr.Request) -> object:
    """Return a still picture as a driving clip of one frame."""
    if not path:
        return gr.skip()
    visitor = VISITORS.get(request.session_hash, path)
    try:
        return str(still_clip(path, visitor.input_folder()))
    except InputError as error:
        gr.Warning(markup.without_paths(error))
        return gr.skip()


def estimate(request: gr.Request, *values: Any) -> tuple[str, gr.Button]:
    """Return how long a run will take, and whether the button can be pressed.

    Runs after each preview, and uses only what the previews have found.
    """
    given = Given(*values)
    visitor = VISITORS.get(request.session_hash, given.portrait, given.clip)
    clip = visitor.known(given.clip_key)
    if clip is None or visitor.known(given.portrait_key) is None:
        return "", gr.Button(interactive=False)
    frames = clip.frames
    faces, variants = len(given.faces or [0]), len(_names(given))
    words = f"{frames} frames" + (f", {variants} variants each" if variants > 1 else "")
    words += f", {faces} faces" if given.faces else ""
    frames *= faces
    pace = engine.PACE.known(variants)
    if pace is not None:
        words += f": about {_duration(1 + frames * pace)} on this machine ({_device()})"
    words += "."
    if given.more:
        try:
            words += f" {len(given.pairs())} pairs in all, one after the other."
        except InputError as error:
            return markup.without_paths(error), gr.Button(interactive=False)
    if engine.ZERO_GPU:
        reserved = _duration(engine.DURATION_FACTOR * engine.gpu_seconds(frames))
        words += f" Reserves {reserved} of your GPU quota and takes what it uses; without an "
        words += "account, that is two minutes a day."
    return words, gr.Button(interactive=True)


def start(request: gr.Request) -> list:
    """Return the outputs that a click shows at once, before the run starts."""
    VISITORS.get(request.session_hash).stop.clear()
    return [
        markup.progress(0, 1, "Waiting for a turn…"),
        gr.Column(visible=False),
        gr.Button(interactive=False),
        gr.Button("Stop and keep", visible=True, interactive=True),
    ]


def animate(request: gr.Request, *values: Any) -> Iterator[tuple]:
    """Run every pair; yields (status, headline, grid, chart, numbers, single, files)."""
    given = Given(*values)
    visitor = VISITORS.get(request.session_hash, given.portrait, given.clip, *(given.more or []))
    visitor.forget_runs()
    if visitor.stop.is_set():
        yield _unchanged(markup.note("Stopped before it began."))
        return
    options = given.options
    names = _names(given)
    try:
        pairs = given.pairs()
        for number, pair in enumerate(pairs, 1):
            which = f"Pair {number} of {len(pairs)}. " if len(pairs) > 1 else ""
            portrait, driving = seen_portrait(visitor, pair), seen_driving(visitor, pair)
            make = make_group if pair.faces else make_scene
            scene = make(portrait, driving, pair.options)
            name = f"{portrait.path.stem} × {driving.path.stem}"
            run = partial(
                engine.pipeline().run_folder,
                scene,
                visitor.run_folder(),
                names,
                columns=int(given.columns),
                motion=True,
            )
            with visitor.at_work():
                for event in runs.follow(run, visitor.stop.is_set, REFRESH):
                    if isinstance(event, Step):
                        yield _unchanged(_status(event, which, len(names)))
                        continue
                    frames = event.frames * len(pair.faces or [0])
                    engine.PACE.learn(len(names), event.seconds, frames)
                    made = runs.Run(name, scene, event, options.variant)
                    visitor.runs.append(made)
                    yield (markup.fine(which + runs.pace(event)), *runs.shown(made))
            if visitor.stop.is_set():
                break
    except (InputError, OSError) as error:
        yield _unchanged(complaint(error))


def settle(request: gr.Request) -> tuple:
    """Return (results, own results, button, stop, ZIP, which) once the run is over."""
    visitor = VISITORS.get(request.session_hash)
    made = list(visitor.runs)
    every = [(f"{number}. {run.name}", number - 1) for number, run in enumerate(made, 1)]
    together = None
    if made:
        together = str(runs.bundle(made, made[-1].clip.with_name("ostnet.zip")))
    return (
        gr.Column(visible=bool(made)),
        gr.Column(visible=bool(made)),
        gr.Button(interactive=True),
        gr.Button(visible=False),
        gr.DownloadButton(value=together),
        gr.Radio(every, value=len(made) - 1, visible=len(made) > 1),
    )


def choose(which: int | None, request: gr.Request) -> tuple:
    """Return (headline, grid, chart, numbers, single, files) of another of the last runs."""
    made = VISITORS.get(request.session_hash).runs
    if which is None or not which < len(made):
        return (gr.skip(),) * 6
    return runs.shown(made[which])


def stop(request: gr.Request) -> gr.Button:
    """End the run after its current frame."""
    VISITORS.get(request.session_hash).stop.set()
    return gr.Button("Stopping…", interactive=False)


def paste(which: int | None, request: gr.Request) -> object:
    """Return the chosen result in the whole portrait, with its sound."""
    made = VISITORS.get(request.session_hash).runs
    if not made:
        gr.Warning("There is no result to put back; press Animate first.")
        return gr.skip()
    run = made[which if which is not None and which < len(made) else -1]
    if isinstance(run.scene, Group):
        gr.Warning("This result already shows the whole portrait.")
        return gr.skip()
    output = run.clip.with_name("portrait.mp4")
    runs.paste_back(run.scene, run.clip, output)
    shown = player(output, float(run.scene.video.fps), caption="in the portrait", sound=True)
    return gr.HTML(shown, visible=True)


def _names(given: Given) -> list[str]:
    """Return the variants of a run; several faces are made in one."""
    every = given.compare and not given.faces
    return list(VARIANTS) if every else [given.options.variant]


def _unchanged(status: str) -> tuple:
    return (status, *[gr.skip()] * 6)


def _status(step: Step, which: str, variants: int) -> str:
    left, pace = step.seconds_left, engine.PACE.known(variants)
    if step.done < 8 and pace:  # the first frames include the start-up time
        left = (step.total - step.done) * pace
    words = f"{which}Frame {step.done} of {step.total}, about {_duration(left)} left"
    newest = markup.Figure(step.picture, "", "The newest frame of the comparison.")
    return markup.progress(step.done, step.total, words) + markup.row([newest])


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _device() -> str:
    return "its processor" if engine.load().device.type == "cpu" else "its GPU"
