"""``ostnet showcase``: the page's first comparison, anew."""

from ostnet.cli import COMMANDS
from ostnet.flags import Parser


def run(argv: list[str]) -> None:
    """Parse the flags and write the folder."""
    parser = Parser("ostnet showcase", COMMANDS["showcase"])
    parser.add_argument(
        "--checkpoint",
        metavar="C",
        help="folder, or owner/repo[@revision] on the Hub (default: the embedded weights)",
    )
    arguments = parser.parse_args(argv)

    from ostnet.hub import resolve

    checkpoint = resolve(arguments.checkpoint)

    from ostnet.animation.showcase import FOLDER, make_showcase, make_thumbnails

    make_showcase(checkpoint.folder)
    make_thumbnails()
    print(f"wrote {FOLDER}, made by {checkpoint.name}")
