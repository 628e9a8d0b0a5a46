"""The commands that prepare data, train, evaluate and measure speed."""

import os
from pathlib import Path
from typing import TypeVar

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra, output_file
from ostnet.flags import Parser, parse

Config = TypeVar("Config")


def _parsed(name: str, config: type[Config], argv: list[str]) -> Config:
    return parse(Parser(f"ostnet {name}", COMMANDS[name]), config, argv)


def prepare(argv: list[str]) -> None:
    """Make a training data set from videos."""
    with needs_extra("prepare"):
        from ostnet.dataset.prepare.preparation import prepare
        from ostnet.dataset.prepare.settings import PrepareConfig
    config = _parsed("prepare", PrepareConfig, argv)
    summary = prepare(config)
    for split, clips in sorted(summary.clips.items()):
        print(f"{split}: {clips} clips of {summary.people[split]} people")
    if summary.shards:
        print(f"{summary.shards} shards")
    if summary.skips:
        print(f"{summary.skips} left out; for the reasons see {config.output / 'skipped.csv'}")
    print(f"wrote {config.output / 'manifest.csv'}")


def train(argv: list[str]) -> None:
    """Train, as ``python -m ostnet.training`` does; ``--recipe help`` lists the recipes."""
    with needs_extra("train"):
        from ostnet.training.__main__ import run
    run(argv)


def curves(argv: list[str]) -> None:
    """Draw the loss curves of trainings."""
    parser = Parser("ostnet curves", COMMANDS["curves"])
    add = parser.add_argument
    run = {"nargs": "+", "type": os.path.expanduser, "metavar": "RUN"}
    add("runs", help="output folder of a training run", **run)
    add(
        "--output",
        type=output_file(".png"),
        default=Path("curves.png"),
        metavar="O.png",
        help="picture to write (default: curves.png)",
    )
    arguments = parser.parse_args(argv)

    from ostnet.training.report import draw_curves, read_log

    draw_curves({run.rstrip("/"): read_log(run) for run in arguments.runs}, arguments.output)
    print(f"wrote {arguments.output}")


def evaluate(argv: list[str]) -> None:
    """Compare weights with other methods on a folder of clips."""
    with needs_extra("eval"):
        from ostnet.evaluation.evaluate_checkpoint import evaluate
        from ostnet.evaluation.options import EvaluateConfig
    config = _parsed("evaluate", EvaluateConfig, argv)
    if evaluate(config):  # only the first of several processes has rows
        print(f"wrote {config.output / 'report.md'}")


def score(argv: list[str]) -> None:
    """Compare generated clips with their references."""
    with needs_extra("eval"):
        from ostnet.evaluation.score_videos import ScoreConfig, score
    config = _parsed("score", ScoreConfig, argv)
    score(config)
    print(f"wrote {config.output / 'report.md'}")


def calibrate(argv: list[str]) -> None:
    """Measure value ranges for 8-bit inference."""
    with needs_extra("eval"):
        from ostnet.evaluation.calibration import CalibrateConfig, calibrate
    print(f"wrote {calibrate(_parsed('calibrate', CalibrateConfig, argv))}")


def benchmark(argv: list[str]) -> None:
    """Time a frame on this machine."""
    from ostnet.evaluation.benchmark import BenchmarkConfig, benchmark
    from ostnet.evaluation.benchmark_table import table

    print(table(benchmark(_parsed("benchmark", BenchmarkConfig, argv))))
