"""``ostnet animate``: one video of the source performing the driving clip."""

from argparse import Namespace

from ostnet.cli import COMMANDS
from ostnet.cli.inputs import add_inputs, finished, open_scene, refuse_overwriting, report
from ostnet.cli.values import output_file
from ostnet.flags import Parser
from ostnet.methods import variant_name


def run(argv: list[str]) -> None:
    """Parse the flags and write the video."""
    parser = Parser("ostnet animate", COMMANDS["animate"])
    add_inputs(parser)
    add = parser.add_argument
    add(
        "--output",
        required=True,
        type=output_file(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif"),
        metavar="O.mp4",
        help="video to write: .mp4, .m4v, .mov, .mkv, .webm or .gif",
    )
    add_switches(parser)
    add("--trace", type=output_file(".json"), metavar="T.json", help="write measured face sizes")
    arguments = parser.parse_args(argv)
    refuse_overwriting(arguments, arguments.output, arguments.trace)

    animator, scene = open_scene(arguments)
    from functools import partial

    from ostnet.animation.render import Plan, rendered
    from ostnet.animation.render import run as render

    plan = Plan(
        {variant_of(arguments): arguments.output}, trace=arguments.trace, paste=arguments.paste_back
    )
    take = finished(render(scene, plan, partial(rendered, animator)))
    report(arguments.output, take.held)


def add_switches(parser: Parser) -> None:
    """The flags of what is made, but for its files."""
    add = parser.add_argument
    add("--no-scale-transform", action="store_true", help="keep the driving clip's scale")
    add("--no-scale-embedding", action="store_true", help="hide the scale from the generator")
    add("--paste-back", action="store_true", help="put the moving face back into the portrait")


def variant_of(arguments: Namespace) -> str:
    """Which of the variants these flags ask for."""
    return variant_name(not arguments.no_scale_transform, not arguments.no_scale_embedding)
