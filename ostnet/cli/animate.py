"""``ostnet animate`` and ``ostnet compare``, and functions that ``ostnet batch`` shares."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from ostnet.cli import COMMANDS
from ostnet.cli.values import (
    driving_clip,
    existing_file,
    output_clip,
    output_file,
    output_folder,
)
from ostnet.errors import InputError
from ostnet.flags import Parser, Style, add_flags
from ostnet.methods import VARIANTS
from ostnet.options import COMPARISON, AnimateOptions, NetworkOptions

if TYPE_CHECKING:
    from ostnet.animation.pipeline import OnStep, Pipeline, Result


VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif")

FILES = (
    *(f"{name}.mp4" for name in (*VARIANTS, "rectified", "grid")),
    "trace.json",
    "scale.png",
)
"""Files that a comparison writes."""


def animate(argv: list[str]) -> None:
    """Write one video of the source performing the driving clip."""
    parser = Parser("ostnet animate", COMMANDS["animate"])
    add_files(parser, "; with --faces also one for each face, in their order", "+")
    parser.add_argument(
        "--output",
        required=True,
        type=output_clip(*VIDEOS),
        metavar="O.mp4",
        help=f"video to write: {', '.join(VIDEOS[:-1])} or {VIDEOS[-1]}; without an ending: folder "
        "for PNG pictures. A folder, .webm and .mov keep the portrait's transparency",
    )
    parser.add_argument(
        "--trace",
        type=output_file(".json"),
        metavar="T.json",
        help="write the measured face sizes",
    )
    add_options(parser)
    arguments = parser.parse_args(argv)
    refuse_overwriting(arguments, arguments.output, arguments.trace)
    options, pipeline = options_of(arguments), pipeline_of(arguments)
    with progress() as on_step:
        result = pipeline(
            arguments.source,
            arguments.driving,
            arguments.output,
            options,
            trace=arguments.trace,
            on_step=on_step,
        )
    report(arguments.output, result)


def compare(argv: list[str]) -> None:
    """Write all four variants, the rectified clip, their grid, trace and chart into a folder."""
    parser = Parser("ostnet compare", COMMANDS["compare"])
    add_files(parser)
    parser.add_argument(
        "--output", required=True, type=output_folder, metavar="DIR", help="folder to write into"
    )
    add_options(parser, compare=True)
    arguments = parser.parse_args(argv)
    output = arguments.output
    refuse_overwriting(arguments, *(output / name for name in FILES))
    options, pipeline = options_of(arguments), pipeline_of(arguments)
    with progress() as on_step:
        result = pipeline.compare(
            arguments.source, arguments.driving, output, options, on_step=on_step
        )
    report(output / "grid.mp4", result)


def motion(argv: list[str]) -> None:
    """Write a motion file."""
    parser = Parser("ostnet motion", COMMANDS["motion"])
    parser.description = f"""{COMMANDS["motion"]}. --driving takes the file like a clip. It holds
        keypoints, no picture and no sound, and fits weights with the same keypoint detector. The
        result is that of the clip with --rectify points."""
    parser.add_argument("clip", type=driving_clip, metavar="CLIP", help="driving clip")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=output_file(".safetensors"),
        metavar="M.motion.safetensors",
        help="file to write",
    )
    fixed = ("driving_zoom", "driving_crop", "face", "max_seconds", "max_frames", "fps")
    others = [one.name for one in fields(AnimateOptions) if one.name not in fixed]
    add_flags(parser, AnimateOptions, Style(leave_out=others))
    add_flags(parser, NetworkOptions)
    arguments = parser.parse_args(argv)
    options, pipeline = options_of(arguments), pipeline_of(arguments)

    from ostnet.animation.motion_file import record

    made = record(pipeline, arguments.clip, options)
    made.save(arguments.output)
    print(f"wrote {arguments.output}: {len(made.faces)} frames, {made.faces.sum()} with a face")


def add_files(parser: Parser, more: str = "", number: str | None = None) -> None:
    """Add the flags of the portrait and the driving clip.

    Args:
        parser: to which they are added.
        more: added to the help on the driving clip.
        number: of clips, as argparse's ``nargs``; None: one, which is no list.
    """
    add = parser.add_argument
    add("--source", required=True, type=existing_file, metavar="P", help="portrait picture")
    add(
        "--driving",
        required=True,
        type=driving_clip,
        metavar="V",
        help="driving clip: a video, a motion file, or a folder or pattern (frames/*.png, "
        f"frames/%%04d.png) of pictures{more}",
        nargs=number,
    )


def add_options(parser: Parser, compare: bool = False) -> None:
    """Add the flags of :class:`AnimateOptions` and :class:`NetworkOptions`.

    Args:
        parser: to which they are added.
        compare: leave out what a comparison of all variants does not have.
    """
    switched = [one.name for one in fields(AnimateOptions) if one.name not in COMPARISON]
    add_flags(parser, AnimateOptions, Style(leave_out=switched if compare else ()))
    add_flags(parser, NetworkOptions)


def options_of(arguments: Namespace) -> AnimateOptions:
    """Return the options that were given.

    Raises:
        InputError: a value out of its range.
    """
    return AnimateOptions(**given(arguments, AnimateOptions))


def network_of(arguments: Namespace) -> NetworkOptions:
    """Return the weights, device and back end that were given."""
    return NetworkOptions(**given(arguments, NetworkOptions))


def pipeline_of(arguments: Namespace) -> "Pipeline":
    """Find the weights; warnings are shown on standard error."""
    network = network_of(arguments)

    from ostnet.animation.pipeline import Pipeline

    return Pipeline.from_pretrained(network.checkpoint, network.device, network.backend)


def refuse_overwriting(arguments: Namespace, *outputs: Path | None) -> None:
    """Check that outputs are neither inputs nor the same file twice.

    Raises:
        InputError: they are.
    """
    driving = arguments.driving if isinstance(arguments.driving, list) else [arguments.driving]
    taken = {arguments.source.resolve(): "source"} | {p.resolve(): "driving" for p in driving}
    for path in outputs:
        if path is None:
            continue
        if path.resolve() in taken:
            raise InputError(
                f"output: {str(path)!r} is also the {taken[path.resolve()]} file; choose another"
            )
        taken[path.resolve()] = "output"


@contextmanager
def progress() -> "Iterator[OnStep | None]":
    """Count frames on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda step: print(
            f"\r{step.done}/{step.total} frames", end="", file=sys.stderr, flush=True
        )
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def report(output: Path, result: "Result") -> None:
    """Print which files were written."""
    if result.held:
        print(f"{result.held} frames without a face repeat the last motion")
    how = "" if output.is_dir() else "; open it in any browser or video player"
    print(f"wrote {output}{how}")


def given(arguments: Namespace, config: type) -> dict:
    """Return the values of a configuration dataclass that were given as flags."""
    return {
        one.name: getattr(arguments, one.name)
        for one in fields(config)
        if hasattr(arguments, one.name)
    }
