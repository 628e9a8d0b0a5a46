"""What happens on the Animate tab: estimating, running, choosing a result, pasting back."""

from collections.abc import Iterator
from functools import partial

import gradio as gr

from ostnet.animation import VARIANTS
from ostnet.animation.pipeline import Step
from ostnet.animation.scene import Scene
from ostnet.errors import InputError
from ostnet.options import AnimateOptions
from ostnet.ui import engine, runs
from ostnet.ui import markup as figures
from ostnet.ui.inputs import make_scene as scene_of
from ostnet.ui.inputs import pairs, still_clip
from ostnet.ui.markup import player
from ostnet.ui.paste_back import paste_back
from ostnet.ui.previews import complaint, seen_driving, seen_portrait
from ostnet.ui.visitors import VISITORS

REFRESH = 0.5
"""Seconds between two looks at a run."""

RESULT_SIZES = {
    "as the portrait, up to 512": None,
    "256": "256",
    "512": "512",
    "1024": "1024",
    "as the portrait": "portrait",
}
SCALE_WINDOWS = {
    "each frame": "frame",
    "the whole clip": "clip",
    "the first second": "start",
    "the last 2 seconds": 2.0,
}
HEAD_POSES = {
    "portrait": "the portrait's (it stays itself)",
    "position": "the driver's, at the portrait's place",
    "driver": "the driver's (as in the paper)",
}
"""Reference pose (``AnimateOptions.pose``) -> what the page calls it; the first is the default."""


def perform_still(path, request: gr.Request):
    """A still picture as the driving clip: one of a single frame."""
    if not path:
        return gr.skip()
    visitor = VISITORS.get(request.session_hash, path)
    try:
        return str(still_clip(path, visitor.input_folder()))
    except InputError as error:
        gr.Warning(str(error))
        return gr.skip()


def estimate(
    portrait, crop, portrait_face, driving, seconds, mode, face, compare, more,
    request: gr.Request,
):  # fmt: skip
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
    words = f"{frames} frames" + (f", {variants} variants each" if variants > 1 else "")
    pace = engine.PACE.known(variants)
    if pace is not None:
        words += f": about {_duration(1 + frames * pace)} on this machine ({_device()})"
    words += "."
    if more:
        try:
            words += f" {len(pairs(portrait, driving, more))} pairs in all, one after the other."
        except InputError as error:
            return str(error), gr.Button(interactive=False)
    if engine.ZERO_GPU:
        quota = _duration(4 + frames * engine.PACE.frame(variants))
        words += f" Takes about {quota} of your GPU quota; without an account it is two minutes a "
        words += "day."
    return words, gr.Button(interactive=True)


def start(request: gr.Request) -> list:
    """What a click shows at once, before the run gets its turn."""
    VISITORS.get(request.session_hash).stop.clear()
    return [
        figures.progress(0, 1, "Waiting for a turn…"),
        gr.Column(visible=False),
        gr.Button(interactive=False),
        gr.Button("Stop and keep", visible=True, interactive=True),
    ]


def animate(
    portrait, mode, face, drawn,
    driving, seconds, clip_mode, clip_face, clip_drawn, zoom,
    transform, embedding, compare, mark, columns, result_size, window, pose, more,
    request: gr.Request,
) -> Iterator[tuple]:  # fmt: skip
    """Run every pair; yields (status, headline, grid, chart, numbers, single, files).

    A pair beyond the first takes its faces and squares as they are found.
    """
    visitor = VISITORS.get(request.session_hash, portrait, driving, *(more or []))
    visitor.forget_runs()
    if visitor.stop.is_set():
        yield _unchanged(figures.note("Stopped before it began."))
        return
    options = AnimateOptions(
        scale_transform=transform,
        scale_embedding=embedding,
        driving_zoom=(zoom, zoom),
        visible_mark=mark,
        size=RESULT_SIZES[result_size],
        scale_window=SCALE_WINDOWS[window],
        pose=pose,
    )
    names = list(VARIANTS) if compare else [options.variant]

    def scenes() -> Iterator[Scene]:
        for picture, clip in pairs(portrait, driving, more):
            mine = (mode, face, drawn) if picture == portrait else _PORTRAIT_AS_FOUND
            its = (clip_mode, clip_face, clip_drawn) if clip == driving else _CLIP_AS_FOUND
            yield scene_of(
                seen_portrait(visitor, picture, *mine),
                seen_driving(visitor, clip, seconds, *its),
                options,
            )

    try:
        total = len(pairs(portrait, driving, more))
        for number, scene in enumerate(scenes(), 1):
            which = f"Pair {number} of {total}. " if total > 1 else ""
            run = partial(
                engine.pipeline().run_folder,
                scene,
                visitor.run_folder(),
                names,
                columns=int(columns),
            )
            with visitor.at_work():
                for event in runs.follow(run, visitor.stop.is_set, REFRESH):
                    if isinstance(event, Step):
                        yield _unchanged(_status(event, which, len(names)))
                        continue
                    engine.PACE.learn(len(names), event.seconds, event.frames)
                    made = runs.Run(scene, event, options.variant)
                    visitor.runs.append(made)
                    yield (figures.fine(which + runs.pace(event)), *runs.shown(made))
            if visitor.stop.is_set():
                break
    except InputError as error:
        yield _unchanged(complaint(error))


_PORTRAIT_AS_FOUND, _CLIP_AS_FOUND = ("around the face", 1, ""), ("automatic", 1, "")


def settle(request: gr.Request):
    """Once the run is over: (results, own results, button, stop, ZIP, which)."""
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


def choose(which, request: gr.Request) -> tuple:
    """Another of the last runs: (headline, grid, chart, numbers, single, files)."""
    made = VISITORS.get(request.session_hash).runs
    if which is None or not which < len(made):
        return (gr.skip(),) * 6
    return runs.shown(made[which])


def stop(request: gr.Request) -> str:
    """End the run after its present frame."""
    VISITORS.get(request.session_hash).stop.set()
    return gr.Button("Stopping…", interactive=False)


def paste(which, request: gr.Request):
    """The chosen result put back into the whole portrait, with its sound."""
    made = VISITORS.get(request.session_hash).runs
    if not made:
        gr.Warning("There is no result to put back; press Animate first.")
        return gr.skip()
    run = made[which if which is not None and which < len(made) else -1]
    output = run.clip.with_name("portrait.mp4")
    paste_back(run.scene, run.clip, output)
    shown = player(output, float(run.scene.video.fps), caption="in the portrait", sound=True)
    return gr.HTML(shown, visible=True)


def _unchanged(status: str) -> tuple:
    return (status, *[gr.skip()] * 6)


def _status(step: Step, which: str, variants: int) -> str:
    left, pace = step.seconds_left, engine.PACE.known(variants)
    if step.done < 8 and pace:  # the first frames carry the start
        left = (step.total - step.done) * pace
    words = f"{which}Frame {step.done} of {step.total}, about {_duration(left)} left"
    newest = figures.Figure(step.picture, "", "The newest frame of the comparison.")
    return figures.progress(step.done, step.total, words) + figures.row([newest])


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _device() -> str:
    return "its processor" if engine.load().device.type == "cpu" else "its GPU"
