"""``ostnet evaluate``: compare weights with other methods on a folder of clips."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra
from ostnet.flags import Parser, parse


def run(argv: list[str]) -> None:
    """Parse the flags, measure, write the report."""
    with needs_extra("eval"):
        from ostnet.evaluation.evaluate_checkpoint import evaluate
        from ostnet.evaluation.options import EvaluateConfig
    config = parse(Parser("ostnet evaluate", COMMANDS["evaluate"]), EvaluateConfig, argv)
    if evaluate(config):  # empty in all but the first of several processes
        print(f"wrote {config.output / 'report.md'}")
