"""``python -m ostnet.training``: the same as ``ostnet train``, with the standard library alone."""

import argparse
import sys
import types
import typing
from dataclasses import MISSING, fields, replace

from ostnet.errors import InputError
from ostnet.flags import Parser, field_docs
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.loop import train
from ostnet.training.recipes import describe, recipe


def _value_type(annotation):
    """The plain type behind ``X`` or ``X | None``."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None))
    return annotation


def _add(parser: Parser, config: type, prefix: str = "") -> None:
    """One flag per field of a dataclass, its docstring as help."""
    hints, docs = typing.get_type_hints(config), field_docs(config)
    for field in fields(config):
        if field.name == "losses":
            continue
        flag = f"--{prefix}{field.name.replace('_', '-')}"
        text = f"{docs.get(field.name, '')} (default: {field.default})".replace("%", "%%")
        if hints[field.name] is bool:
            options = {"action": argparse.BooleanOptionalAction}
        else:
            options = {"type": _value_type(hints[field.name]), "metavar": field.name.upper()}
        required = field.name in ("data", "output")
        parser.add_argument(flag, default=MISSING, required=required, help=text, **options)


def parse(arguments: list[str]) -> TrainConfig:
    """Flags named after TrainConfig's fields (loss weights: ``--loss-pixel`` and so on).

    The recipe's values stand where no flag is given.
    """
    parser = Parser("python -m ostnet.training", "Train OSTNet.")
    _add(parser, TrainConfig)
    _add(parser, LossWeights, "loss-")
    given = {k: v for k, v in vars(parser.parse_args(arguments)).items() if v is not MISSING}
    values = recipe(given.get("recipe", TrainConfig.recipe)).values
    weights = {k.removeprefix("loss_"): given.pop(k) for k in list(given) if k.startswith("loss_")}
    losses = replace(values["losses"], **weights)
    return TrainConfig(**{**values, **given, "losses": losses})


def main(arguments: list[str] | None = None) -> None:
    """Train; a user's error is one line on standard error and exit code 2."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments == ["--recipe", "help"]:
            print(describe())
        else:
            train(parse(arguments))
    except (InputError, ValueError) as error:
        print(f"ostnet: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
