"""``ostnet curves``: loss curves of trainings, as a picture."""

import os
from pathlib import Path

from ostnet.cli import COMMANDS
from ostnet.cli.values import output_file
from ostnet.flags import Parser


def run(argv: list[str]) -> None:
    """Parse the flags and draw."""
    parser = Parser("ostnet curves", COMMANDS["curves"])
    add = parser.add_argument
    add(
        "runs",
        nargs="+",
        type=os.path.expanduser,
        metavar="RUN",
        help="output folder of a training",
    )
    add(
        "--output",
        type=output_file(".png"),
        default=Path("curves.png"),
        metavar="O.png",
        help="the picture (default: curves.png)",
    )
    arguments = parser.parse_args(argv)

    from ostnet.training.report import draw_curves, read_log

    draw_curves({run.rstrip("/"): read_log(run) for run in arguments.runs}, arguments.output)
    print(f"wrote {arguments.output}")
