"""``ostnet export-space``: the files of a Hugging Face Space."""

import sys

from ostnet.cli import COMMANDS
from ostnet.cli.values import output_folder, pinned_repository
from ostnet.flags import Parser


def run(argv: list[str]) -> None:
    """Parse the flags and write the folder."""
    parser = Parser("ostnet export-space", COMMANDS["export-space"])
    add = parser.add_argument
    add("dir", type=output_folder, help="folder to make, or an empty one")
    add(
        "--weights",
        type=pinned_repository,
        metavar="OWNER/REPO@COMMIT",
        help="weights on the Hub for the Space to run, at a full commit hash (default: the "
        "embedded ones, which are also its fallback)",
    )
    arguments = parser.parse_args(argv)

    from ostnet.hub.space import export_space

    for warning in export_space(arguments.dir, arguments.weights):
        print("ostnet: warning:", warning, file=sys.stderr)
    print(
        f"wrote {arguments.dir}; upload it with: hf upload OWNER/SPACE {arguments.dir} "
        "--repo-type space"
    )
