"""``ostnet push``: weights with their card to the Hugging Face Hub."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import repository
from ostnet.flags import Parser


def run(argv: list[str]) -> None:
    """Parse the flags and publish."""
    parser = Parser("ostnet push", COMMANDS["push"])
    add = parser.add_argument
    add("repo", type=repository, help="owner/repo; made where it does not exist")
    add(
        "--checkpoint",
        metavar="C",
        help="folder, or owner/repo[@revision] on the Hub (default: the embedded weights)",
    )
    add("--private", action="store_true", help="for the owner's eyes only")
    add("--branch", metavar="B", help="made where it does not exist (default: main)")
    arguments = parser.parse_args(argv)

    from ostnet.hub import embedded, resolve
    from ostnet.hub.publish import publish

    checkpoint = resolve(arguments.checkpoint) if arguments.checkpoint else embedded()
    commit = publish(arguments.repo, checkpoint, arguments.private, arguments.branch)
    print(f"published {checkpoint.name} as {arguments.repo}@{commit}")
