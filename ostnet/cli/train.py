"""``ostnet train``: the same as ``python -m ostnet.training``."""

from ostnet.cli.values import needs_extra
from ostnet.errors import InputError


def run(argv: list[str]) -> None:
    """Parse the flags and train; ``--recipe help`` lists the recipes."""
    with needs_extra("train"):
        from ostnet.training.__main__ import parse
        from ostnet.training.loop import train
        from ostnet.training.recipes import describe
    if argv == ["--recipe", "help"]:
        print(describe())
        return
    try:
        config = parse(argv)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(str(error)) from error
    train(config)
