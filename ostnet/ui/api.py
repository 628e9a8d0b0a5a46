"""The two functions for programs. Their names, arguments and texts are what clients see.

Clients see the first line of an argument's text alone.
"""

from collections import deque
from pathlib import Path

import gradio as gr

from ostnet.animation import VARIANTS, Options
from ostnet.animation.render import Take, run_folder
from ostnet.animation.scene import Inputs, look_at
from ostnet.errors import InputError
from ostnet.media.sandbox import until
from ostnet.media.video import probe
from ostnet.methods import variant_name
from ostnet.ui import engine
from ostnet.ui.engine import TURN
from ostnet.ui.gradio_patches import program_file
from ostnet.ui.inputs import MOST_SECONDS, check_files
from ostnet.ui.visitors import VISITORS


def animate(
    portrait: str,
    driving: str,
    scale_transform: bool = True,
    scale_embedding: bool = True,
    driving_zoom_x: float = 1,
    driving_zoom_y: float = 1,
    max_seconds: float = MOST_SECONDS,
    visible_mark: bool = False,
    size: str = "",
    scale_window: str = "frame",
    pose: str = "portrait",
    request: gr.Request = None,
) -> str:
    """Make a portrait perform a driving clip, at the portrait's face size.

    Args:
        portrait: picture file with a face (PNG, JPEG, WebP).
        driving: video file with a moving face (MP4, MOV, WebM, GIF).
        scale_transform: bring every driving frame to the portrait's face size.
        scale_embedding: tell the generator the scale that was taken out.
        driving_zoom_x: make the driving face this many times as wide first, above 0, up to 5.
        driving_zoom_y: make the driving face this many times as high first, above 0, up to 5.
        max_seconds: use the clip's first seconds only; at most 60.
        visible_mark: write "AI-generated" into the picture.
        size: side of the result: 256, 512, 1024 or portrait; empty: as the portrait, up to 512.
        scale_window: scale measured over each frame, clip, start (first second) or so many seconds.
        pose: head pose: portrait (its own), position (driver's, at its place) or driver (paper's).

    Returns:
        An MP4 video (H.264, square) with the clip's frame rate and sound.
    """
    name = variant_name(scale_transform, scale_embedding)
    take = _take(
        portrait, driving, [name], (driving_zoom_x, driving_zoom_y), max_seconds, visible_mark,
        size, scale_window, pose, request,
    )  # fmt: skip
    return str(take.files[name])


def compare(
    portrait: str,
    driving: str,
    driving_zoom_x: float = 1,
    driving_zoom_y: float = 1,
    max_seconds: float = MOST_SECONDS,
    visible_mark: bool = False,
    size: str = "",
    scale_window: str = "frame",
    pose: str = "portrait",
    request: gr.Request = None,
) -> tuple[str, str, str, str, str, str]:
    """The same portrait and clip with and without each part of the scale machinery.

    Args:
        portrait: picture file with a face (PNG, JPEG, WebP).
        driving: video file with a moving face (MP4, MOV, WebM, GIF).
        driving_zoom_x: make the driving face this many times as wide first, above 0, up to 5.
        driving_zoom_y: make the driving face this many times as high first, above 0, up to 5.
        max_seconds: use the clip's first seconds only; at most 60.
        visible_mark: write "AI-generated" into the picture.
        size: side of the result: 256, 512, 1024 or portrait; empty: as the portrait, up to 512.
        scale_window: scale measured over each frame, clip, start (first second) or so many seconds.
        pose: head pose: portrait (its own), position (driver's, at its place) or driver (paper's).

    Returns:
        Six files: all side by side (MP4), full, no_transform, no_embedding, neither (MP4), and
        trace.json with the measured face sizes of every frame.
    """
    take = _take(
        portrait, driving, list(VARIANTS), (driving_zoom_x, driving_zoom_y), max_seconds,
        visible_mark, size, scale_window, pose, request,
    )  # fmt: skip
    return tuple(str(take.files[name]) for name in ("grid", *VARIANTS, "trace"))


def publish() -> None:
    """Add both to the page being built, under /animate and /compare, with nothing to see."""
    with gr.Column(visible=False):
        portrait = program_file("portrait picture")
        driving = program_file("driving video")
        transform = gr.Checkbox(True, label="scale transformation")
        embedding = gr.Checkbox(True, label="scale embedding")
        zooms = [gr.Number(1, label=f"driving zoom {axis}") for axis in ("x", "y")]
        seconds = gr.Number(MOST_SECONDS, label="seconds to use at most")
        mark = gr.Checkbox(False, label="visible mark")
        more = [gr.Textbox("", label="size"), gr.Textbox("frame", label="scale window"),
                gr.Textbox("portrait", label="pose")]  # fmt: skip
        video = gr.File(label="video")
        six = [gr.File(label=name) for name in ("grid", *VARIANTS, "trace")]
        inputs = [portrait, driving, transform, embedding, *zooms, seconds, mark, *more]
        gr.Button("animate").click(animate, inputs, video, api_name="animate", **TURN)
        inputs = [portrait, driving, *zooms, seconds, mark, *more]
        gr.Button("compare").click(compare, inputs, six, api_name="compare", **TURN)


def _window(text: str) -> str | float:
    """Return seconds as a number, anything else as it was typed."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return text


def _take(portrait, driving, names, zoom, seconds, mark, size, window, pose, request) -> Take:
    try:
        check_files(portrait, driving)
        visitor = VISITORS.get(request and request.session_hash, portrait, driving)
        video = probe(driving, role="driving")
        seconds = MOST_SECONDS if seconds is None else seconds
        if not (isinstance(seconds, int | float) and seconds > 0):
            raise InputError(f"max_seconds: found {seconds!r}, expected a number above 0")
        seconds = min(MOST_SECONDS, seconds)
        inputs = Inputs(
            source=Path(portrait),
            driving=Path(driving),
            max_frames=min(video.frames, max(1, round(seconds * video.fps))),
            options=Options(driving_zoom=zoom, pose=pose),
            size=size or None,
            scale_window=_window(window),
        )
        with until(visitor.gone.is_set):
            scene = look_at(inputs)
        folder, stopped = visitor.run_folder(), visitor.stop.is_set
        steps = run_folder(scene, folder, names, engine.network, stopped, mark=mark)
        (take,) = deque(
            visitor.at_work(steps), maxlen=1
        )  # keeps no step, each of which holds a picture
        if visitor.gone.is_set():
            raise InputError("stopped: its visitor has left, and the files with them")
    except InputError as error:
        raise gr.Error(str(error), print_exception=False) from error
    return take
