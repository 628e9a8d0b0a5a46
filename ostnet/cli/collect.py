"""``ostnet collect``: reports of one checkpoint brought beside its weights."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra
from ostnet.flags import Parser, path_of


def run(argv: list[str]) -> None:
    """Parse the arguments, merge the reports."""
    parser = Parser("ostnet collect", COMMANDS["collect"])
    parser.add_argument("checkpoint", type=path_of, help="folder of the weights")
    parser.add_argument(
        "outputs", type=path_of, nargs="+", help="output folders of ostnet evaluate"
    )
    arguments = parser.parse_args(argv)

    with needs_extra("eval"):
        from ostnet.evaluation.report.collected_reports import collect
    collect(arguments.checkpoint, arguments.outputs)
    print(f"wrote {arguments.checkpoint / 'metrics.json'}")
