"""``python -m ostnet.training``: the same as ``ostnet train``, with the standard library alone."""

import logging
import sys

from ostnet import flags
from ostnet.exits import exit_code
from ostnet.training.config import TrainConfig
from ostnet.training.recipes import describe, recipe
from ostnet.training.trainer import train

STYLE = flags.Style(required=("data", "output"), prefixes={"losses": "loss"})


def parse(arguments: list[str]) -> TrainConfig:
    """Parse flags named after TrainConfig's fields (loss weights: ``--loss-pixel`` and so on).

    The recipe's values apply where no flag is given.

    Raises:
        InputError: flags that do not parse, or values that are refused.
    """
    usual = TrainConfig(**recipe(TrainConfig.recipe).values)
    parser = flags.Parser(
        "python -m ostnet.training",
        f"Train OSTNet. Defaults are those of recipe {usual.recipe}; other recipes have their own.",
    )
    given = flags.given(parser, usual, arguments, STYLE)
    chosen = recipe(given.get("recipe", usual.recipe))
    return flags.build(TrainConfig(**chosen.values), given)


def run(arguments: list[str]) -> None:
    """Train, or list the recipes for ``--recipe help``.

    Raises:
        InputError: flags or inputs that cannot be used.
    """
    if arguments == ["--recipe", "help"]:
        print(describe())
        return
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    logging.getLogger("ostnet.training").setLevel(logging.INFO)
    train(parse(arguments))


if __name__ == "__main__":
    sys.exit(exit_code(lambda: run(sys.argv[1:])))
