"""``ostnet calibrate``: what computing in eight bits has to know of weights, kept beside them."""

from ostnet.cli import COMMANDS
from ostnet.cli.values import needs_extra
from ostnet.flags import Parser, parse


def run(argv: list[str]) -> None:
    """Parse the flags, watch the network animate, write the file."""
    with needs_extra("eval"):
        from ostnet.evaluation.calibration import CalibrateConfig, calibrate
    config = parse(Parser("ostnet calibrate", COMMANDS["calibrate"]), CalibrateConfig, argv)
    print(f"wrote {calibrate(config)}")
