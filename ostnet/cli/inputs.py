"""What ``animate`` and ``compare`` share: flags, and the way from flags to a scene."""

import argparse
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ostnet.cli.values import (
    existing_file,
    scale_window,
    source_square,
    whole_number,
    zoom_factors,
)
from ostnet.errors import InputError
from ostnet.flags import Parser

if TYPE_CHECKING:
    from ostnet.animation.animator import Animator
    from ostnet.animation.render import Step, Take
    from ostnet.animation.scene import Inputs, Scene


def add_inputs(parser: Parser) -> None:
    """The flags of everything that is read."""
    add = parser.add_argument
    add("--source", required=True, type=existing_file, metavar="P", help="portrait picture")
    add("--driving", required=True, type=existing_file, metavar="V", help="driving clip")
    add_options(parser)


def add_options(parser: Parser) -> None:
    """The flags that say how inputs are read, and with which weights."""
    add = parser.add_argument
    add(
        "--checkpoint",
        metavar="C",
        help="folder, or owner/repo[@revision] on the Hub (default: the embedded weights)",
    )
    add("--device", default="auto", metavar="D", help="auto (default), cpu, cuda, ...")
    add(
        "--backend",
        default="auto",
        metavar="B",
        help="auto, openvino[-bf16|-int8], torch[-bf16]",
    )
    add(
        "--source-crop",
        default="auto",
        type=source_square,
        metavar="auto|none|X,Y,SIDE",
        help="auto (default): a square around the face; none: the centre square; or a square drawn "
        "by hand: its upper left corner and its side in pixels",
    )
    add(
        "--driving-crop",
        default="auto",
        choices=["auto", "fixed", "none"],
        help="fixed: one square for the whole clip around its face; none: the centre square; "
        "auto (default): none where that frames the face well, else fixed, or one square for each "
        "shot where the face moves too far for that",
    )
    add(
        "--face",
        default=0,
        type=whole_number(0),
        metavar="N",
        help="which face, in each file that shows so many; 0 (default) is the largest",
    )
    add(
        "--driving-zoom",
        default=(1.0, 1.0),
        type=zoom_factors,
        metavar="SX[,SY]",
        help="make the driving face this many times as large, to stress the scale (default: 1)",
    )
    add("--max-frames", type=whole_number(1), metavar="N", help="stop after this many frames")
    add(
        "--alignment",
        default="learned",
        choices=["learned", "closed-form"],
        help="learned (default); closed-form: the ratio of keypoint spreads in its place",
    )
    add(
        "--pose",
        default="portrait",
        choices=["portrait", "position", "driver"],
        help="where the head's movement starts: portrait (default), at the portrait's own pose and "
        "place; position, at the driver's pose and the portrait's place; driver, at the driver's "
        "pose and place, as in the paper",
    )
    add(
        "--motion",
        default="absolute",
        choices=["absolute", "relative"],
        help="absolute (default); relative: movement since an anchor frame, the one whose pose is "
        "nearest the source's",
    )
    add(
        "--size",
        choices=["256", "512", "1024", "portrait"],
        help="side of the result in pixels (default: the larger of 256 and what the portrait's "
        "square has, up to 512)",
    )
    add(
        "--scale-window",
        default="frame",
        type=scale_window,
        metavar="frame|clip|start|SECONDS",
        help="over what the driving scale is measured: each frame (default); the whole clip, which "
        "takes out where the driver sits and keeps how they lean; start, the first second, so that "
        "the driver begins at the portrait's size; or the last SECONDS",
    )
    add("--scale-smoothing", action="store_true", help="one-euro filter on the measured scale")


def refuse_overwriting(arguments: argparse.Namespace, *outputs: Path | None) -> None:
    """Outputs must not be the inputs, nor each other.

    Raises:
        InputError: they are.
    """
    taken = {arguments.source.resolve(): "source", arguments.driving.resolve(): "driving"}
    for path in outputs:
        if path is None:
            continue
        if path.resolve() in taken:
            raise InputError(
                f"output: {str(path)!r} is also the {taken[path.resolve()]} file; choose another"
            )
        taken[path.resolve()] = "output"


def inputs_of(arguments: argparse.Namespace) -> "Inputs":
    """What these flags say of the portrait and the clip."""
    from ostnet.animation.frame import Options
    from ostnet.animation.scene import Inputs

    return Inputs(
        source=arguments.source,
        driving=arguments.driving,
        source_crop=arguments.source_crop,
        driving_crop=arguments.driving_crop,
        face=arguments.face,
        max_frames=arguments.max_frames,
        options=Options(
            driving_zoom=arguments.driving_zoom,
            alignment=arguments.alignment,
            motion=arguments.motion,
            pose=arguments.pose,
        ),
        smooth=arguments.scale_smoothing,
        size=arguments.size,
        scale_window=arguments.scale_window,
    )


def open_scene(arguments: argparse.Namespace) -> "tuple[Animator, Scene]":
    """Load the model and look at the inputs; warnings go to standard error once all is well."""
    from ostnet.hub import resolve

    checkpoint = resolve(arguments.checkpoint, arguments.device)

    from ostnet.animation.animator import Animator
    from ostnet.animation.scene import look_at
    from ostnet.backends.device import choose_device, is_cpu

    if not is_cpu(arguments.device):
        choose_device(arguments.device)  # complain before anything takes time
    scene = look_at(inputs_of(arguments))
    animator = Animator(
        checkpoint.folder, arguments.device, arguments.backend, scene.size, overlap=True
    )
    for text in filter(None, (checkpoint.notice, *scene.warnings)):
        print("ostnet: warning:", text, file=sys.stderr)
    return animator, scene


def finished(events: "Iterator[Step | Take]") -> "Take":
    """Go through a run to its end, counting frames on a terminal's standard error."""
    (take,) = deque(_counted(events) if sys.stderr.isatty() else events, maxlen=1)
    return take  # the last; every step before holds a picture, and is let go


def _counted(events: "Iterator[Step | Take]") -> "Iterator[Step | Take]":
    try:
        for event in events:
            if hasattr(event, "done"):
                text = f"\r{event.done}/{event.total} frames"
                print(text, end="", file=sys.stderr, flush=True)
            yield event
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def report(output: Path, held: int) -> None:
    """Say what was written."""
    if held:
        print(f"{held} frames without a face repeat the last motion")
    print(f"wrote {output}; open it in any browser or video player")
