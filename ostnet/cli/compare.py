"""``ostnet compare``: all four variants, the rectified clip, their grid, trace and chart."""

from ostnet.cli import COMMANDS
from ostnet.cli.inputs import add_inputs, finished, open_scene, refuse_overwriting, report
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
    add_inputs(parser)
    parser.add_argument(
        "--output", required=True, type=output_folder, metavar="DIR", help="folder to write into"
    )
    arguments = parser.parse_args(argv)

    refuse_overwriting(arguments, *(arguments.output / name for name in FILES))

    animator, scene = open_scene(arguments)
    from functools import partial

    from ostnet.animation.render import rendered, run_folder

    network = partial(rendered, animator)
    take = finished(run_folder(scene, arguments.output, VARIANTS, network, chart=True))
    report(arguments.output / "grid.mp4", take.held)
