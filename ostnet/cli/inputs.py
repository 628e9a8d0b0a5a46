"""What ``animate`` and ``compare`` share: flags, and the way from flags to a scene."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ostnet.cli.values import existing_file, whole_number, zoom_factors
from ostnet.errors import InputError
from ostnet.flags import Parser

if TYPE_CHECKING:
    from ostnet.animation.animator import Animator
    from ostnet.animation.pipeline import Scene


def add_inputs(parser: Parser) -> None:
    """The flags of everything that is read."""
    add = parser.add_argument
    add("--source", required=True, type=existing_file, metavar="P", help="portrait picture")
    add("--driving", required=True, type=existing_file, metavar="V", help="driving clip")
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
        help="auto, openvino[-bf16], torch[-bf16]",
    )
    add(
        "--source-crop",
        default="auto",
        choices=["auto", "none"],
        help="auto (default): a square around the face; none: the centre square",
    )
    add(
        "--driving-crop",
        default="auto",
        choices=["auto", "fixed", "none"],
        help="fixed: one square for the whole clip around its face; none: the centre square; "
        "auto (default): none where that frames the face well, else fixed",
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
        "--motion",
        default="absolute",
        choices=["absolute", "relative"],
        help="absolute (default); relative: movement since an anchor frame, the one whose pose is "
        "nearest the source's",
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


def open_scene(arguments: argparse.Namespace) -> "tuple[Animator, Scene]":
    """Load the model and look at the inputs; warnings go to standard error once all is well."""
    from ostnet.hub import resolve

    checkpoint = resolve(arguments.checkpoint, arguments.device)

    from ostnet.animation.animator import Animator, choose_device
    from ostnet.animation.frame import Options
    from ostnet.animation.pipeline import Inputs, look_at
    from ostnet.model.ostnet import OSTNet

    choose_device(arguments.device)
    animator = Animator(
        OSTNet.from_pretrained(str(checkpoint.folder)), arguments.device, arguments.backend
    )
    scene = look_at(
        Inputs(
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
            ),
            smooth=arguments.scale_smoothing,
        )
    )
    for text in filter(None, (checkpoint.notice, *scene.warnings)):
        print("ostnet: warning:", text, file=sys.stderr)
    return animator, scene


@contextmanager
def watched(scene: "Scene") -> Iterator[Callable[[int], None]]:
    """A counter of frames on a terminal's standard error; silent anywhere else."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    total = min(scene.video.frames, scene.inputs.max_frames or scene.video.frames)
    try:
        yield lambda done: print(f"\r{done}/{total} frames", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def report(output: Path, held: int) -> None:
    """Say what was written."""
    if held:
        print(f"{held} frames without a face repeat the last motion")
    print(f"wrote {output}; open it in any browser or video player")
