"""``ostnet compare``: all four variants, the rectified clip, their grid, trace and chart."""

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
from ostnet.cli.values import output_folder
from ostnet.flags import Parser
from ostnet.methods import VARIANTS

FILES = (
    *(f"{name}.mp4" for name in (*VARIANTS, "rectified", "grid")),
    "trace.json",
    "scale.png",
)
"""What the folder holds afterwards."""


def run(argv: list[str]) -> None:
    """Parse the flags and write the folder."""
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
