"""``ostnet score``: compare generated clips with their references."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra
from ostnet.flags import Parser, parse


def run(argv: list[str]) -> None:
    """Parse the flags, score, write the report."""
    with needs_extra("eval"):
        from ostnet.evaluation.score_videos import ScoreConfig, score
    config = parse(Parser("ostnet score", COMMANDS["score"]), ScoreConfig, argv)
    score(config)
    print(f"wrote {config.output / 'report.md'}")
