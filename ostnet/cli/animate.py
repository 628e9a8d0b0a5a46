"""``ostnet animate``: one video of the source performing the driving clip."""

from ostnet.cli import COMMANDS
from ostnet.cli.inputs import (
    add_files,
    add_options,
    options_of,
    pipeline_of,
    progress,
    refuse_overwriting,
    report,
)
from ostnet.cli.values import output_file
from ostnet.flags import Parser

VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif")


def run(argv: list[str]) -> None:
    """Parse the flags and write the video."""
    parser = Parser("ostnet animate", COMMANDS["animate"])
    add_files(parser)
    parser.add_argument(
        "--output",
        required=True,
        type=output_file(*VIDEOS),
        metavar="O.mp4",
        help=f"video to write: {', '.join(VIDEOS[:-1])} or {VIDEOS[-1]}",
    )
    parser.add_argument(
        "--trace", type=output_file(".json"), metavar="T.json", help="write measured face sizes"
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
