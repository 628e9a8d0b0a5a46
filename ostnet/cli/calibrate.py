"""``ostnet calibrate``: prepare weights for 8-bit inference."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra
from ostnet.flags import Parser, parse


def run(argv: list[str]) -> None:
    """Parse the flags, measure the ranges, write the file."""
    with needs_extra("eval"):
        from ostnet.evaluation.calibration import CalibrateConfig, calibrate
    config = parse(Parser("ostnet calibrate", COMMANDS["calibrate"]), CalibrateConfig, argv)
    print(f"wrote {calibrate(config)}")
