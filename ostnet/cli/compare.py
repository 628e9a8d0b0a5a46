"""``ostnet compare``: all four variants, the rectified clip, their grid, trace and chart."""

from ostnet.cli import COMMANDS
from ostnet.cli.inputs import add_inputs, open_scene, report, watched
from ostnet.cli.values import output_folder
from ostnet.flags import Parser


def run(argv: list[str]) -> None:
    """Parse the flags and write the folder."""
    parser = Parser("ostnet compare", COMMANDS["compare"])
    add_inputs(parser)
    parser.add_argument(
        "--output", required=True, type=output_folder, metavar="DIR", help="folder to write into"
    )
    arguments = parser.parse_args(argv)

    animator, scene = open_scene(arguments)
    from ostnet.animation.pipeline import compare_files

    with watched(scene) as progress:
        held = compare_files(animator, scene, arguments.output, progress)
    report(arguments.output / "grid.mp4", held)
