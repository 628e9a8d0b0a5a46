"""``ostnet export-space``: the files of a Hugging Face Space."""

import sys

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra, output_folder, pinned_repository
from ostnet.errors import InputError
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
    add(
        "--static",
        action="store_true",
        help="a static Space instead: the page that computes in the visitor's browser",
    )
    add(
        "--live",
        action="store_true",
        help="tab Live: take that page along in the Space (25 MB for a first visit to it)",
    )
    arguments = parser.parse_args(argv)
    if arguments.static and arguments.weights:
        raise InputError("--weights: a static Space holds its weights itself; leave it out")
    if arguments.static and arguments.live:
        raise InputError("--live: a static Space is that page itself; leave it out")

    if arguments.static:
        with needs_extra("export"):
            from ostnet.hub import resolve
            from ostnet.hub.space import export_static_space

            export_static_space(arguments.dir, resolve(None, "cpu"))
    else:
        from ostnet.hub.space import export_space

        with needs_extra("export"):
            warnings = export_space(arguments.dir, arguments.weights, arguments.live)
        for warning in warnings:
            print("ostnet: warning:", warning, file=sys.stderr)
    print(
        f"wrote {arguments.dir}; upload it with: hf upload OWNER/SPACE {arguments.dir} "
        "--repo-type space"
    )
