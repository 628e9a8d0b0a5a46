"""``ostnet prepare``: a training data set from videos."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra
from ostnet.flags import Parser, parse


def run(argv: list[str]) -> None:
    """Parse the flags, prepare, say what came of it."""
    with needs_extra("prepare"):
        from ostnet.dataset.prepare.preparation import prepare
        from ostnet.dataset.prepare.settings import PrepareConfig
    config = parse(Parser("ostnet prepare", COMMANDS["prepare"]), PrepareConfig, argv)
    summary = prepare(config)
    for split, clips in sorted(summary.clips.items()):
        print(f"{split}: {clips} clips of {summary.people[split]} people")
    if summary.shards:
        print(f"{summary.shards} shards")
    if summary.skips:
        print(f"{summary.skips} left out; {config.output / 'skipped.csv'} says why")
    print(f"wrote {config.output / 'manifest.csv'}")
