"""``ostnet train``: the same as ``python -m ostnet.training``."""

from ostnet.cli.values import needs_extra


def run(argv: list[str]) -> None:
    """Parse the flags and train; ``--recipe help`` lists the recipes."""
    with needs_extra("train"):
        from ostnet.training.__main__ import run as train
    train(argv)
