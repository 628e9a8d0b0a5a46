"""``python -m ostnet.training``: the same as ``ostnet train``, with the standard library alone."""

import sys
import types
import typing
from dataclasses import MISSING, fields, replace

from ostnet.errors import InputError
from ostnet.flags import Parser
from ostnet.training.config import RECIPES, LossWeights, TrainConfig
from ostnet.training.loop import train


def _value_type(annotation):
    """The plain type behind ``X`` or ``X | None``."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None))
    return annotation


def parse(arguments: list[str]) -> TrainConfig:
    """Flags named after TrainConfig's fields (loss weights: ``--loss-pixel`` and so on).

    The recipe's values stand where no flag is given.
    """
    parser = Parser("python -m ostnet.training", "Train OSTNet.")
    hints = typing.get_type_hints(TrainConfig)
    for field in fields(TrainConfig):
        if field.name != "losses":
            parser.add_argument(
                "--" + field.name.replace("_", "-"),
                type=_value_type(hints[field.name]),
                default=MISSING,
                required=field.name in ("data", "output"),
            )
    for field in fields(LossWeights):
        parser.add_argument("--loss-" + field.name.replace("_", "-"), type=float, default=MISSING)
    given = {k: v for k, v in vars(parser.parse_args(arguments)).items() if v is not MISSING}
    recipe = RECIPES.get(given.get("recipe", "warm-start"), {})
    weights = {k.removeprefix("loss_"): given.pop(k) for k in list(given) if k.startswith("loss_")}
    losses = replace(recipe.get("losses", LossWeights()), **weights)
    return TrainConfig(**{**recipe, **given, "losses": losses})


def main() -> None:
    """Train; a user's error is one line on standard error and exit code 2."""
    try:
        train(parse(sys.argv[1:]))
    except (InputError, ValueError) as error:
        print(f"ostnet: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
