"""``python -m ostnet.training``: the same as ``ostnet train``, with the standard library alone."""

import sys

from ostnet import flags
from ostnet.training.config import TrainConfig
from ostnet.training.loop import train
from ostnet.training.recipes import describe, recipe

STYLE = flags.Style(required=("data", "output"), prefixes={"losses": "loss"})


def parse(arguments: list[str]) -> TrainConfig:
    """Flags named after TrainConfig's fields (loss weights: ``--loss-pixel`` and so on).

    The recipe's values stand where no flag is given.

    Raises:
        InputError: flags that do not parse or have no meaning.
    """
    usual = TrainConfig(**recipe(TrainConfig.recipe).values)
    parser = flags.Parser(
        "python -m ostnet.training",
        f"Train OSTNet. Defaults are those of recipe {usual.recipe}; a recipe brings its own.",
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
    else:
        train(parse(arguments))


def main() -> None:
    """Run what the command line says."""
    sys.exit(flags.exit_code(lambda: run(sys.argv[1:])))


if __name__ == "__main__":
    main()
