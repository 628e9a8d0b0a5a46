"""``ostnet benchmark``: what a frame costs on this machine."""

from ostnet.cli import COMMANDS
from ostnet.flags import Parser, parse


def run(argv: list[str]) -> None:
    """Parse the flags, measure, print."""
    from ostnet.evaluation.benchmark import BenchmarkConfig, benchmark, table

    config = parse(Parser("ostnet benchmark", COMMANDS["benchmark"]), BenchmarkConfig, argv)
    print(table(benchmark(config)))
