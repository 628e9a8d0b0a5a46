"""``python -m ostnet.training``: the same as ``ostnet train``, with the standard library alone."""

import argparse
import sys
import types
import typing
from dataclasses import MISSING, fields, replace

from ostnet.flags import Parser, field_docs
from ostnet.training.command import one_line_errors
from ostnet.training.config import LossWeights, TrainConfig
from ostnet.training.loop import train
from ostnet.training.recipes import describe, recipe


def _value_type(annotation):
    """The plain type behind ``X`` or ``X | None``."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None))
    return annotation


def _add(parser: Parser, defaults: TrainConfig | LossWeights, prefix: str = "") -> None:
    """One flag per field of a dataclass, its docstring as help."""
    hints, docs = typing.get_type_hints(type(defaults)), field_docs(type(defaults))
    for field in fields(defaults):
        if field.name == "losses":
            continue
        flag = f"--{prefix}{field.name.replace('_', '-')}"
        text, default = docs[field.name], getattr(defaults, field.name)
        if default not in (None, ""):
            text += f" (default: {default})"
        options = {"help": text.replace("%", "%%"), "required": field.name in ("data", "output")}
        if hints[field.name] is bool:
            options["action"] = argparse.BooleanOptionalAction
        else:
            options |= {"type": _value_type(hints[field.name]), "metavar": field.name.upper()}
        parser.add_argument(flag, default=MISSING, **options)


def parse(arguments: list[str]) -> TrainConfig:
    """Flags named after TrainConfig's fields (loss weights: ``--loss-pixel`` and so on).

    The recipe's values stand where no flag is given. Raises InputError on flags that do not parse
    or have no meaning.
    """
    usual = TrainConfig(**recipe(TrainConfig.recipe).values)
    parser = Parser(
        "python -m ostnet.training",
        f"Train OSTNet. Defaults are those of recipe {usual.recipe}; a recipe brings its own.",
    )
    _add(parser, usual)
    _add(parser, usual.losses, "loss-")
    given = {k: v for k, v in vars(parser.parse_args(arguments)).items() if v is not MISSING}
    values = recipe(given.get("recipe", usual.recipe)).values
    weights = {k.removeprefix("loss_"): given.pop(k) for k in list(given) if k.startswith("loss_")}
    losses = replace(values["losses"], **weights)
    return TrainConfig(**{**values, **given, "losses": losses})


def run(arguments: list[str]) -> None:
    """Train, or list the recipes for ``--recipe help``. Raises InputError."""
    if arguments == ["--recipe", "help"]:
        print(describe())
    else:
        train(parse(arguments))


def main() -> None:
    """Run what the command line says."""
    with one_line_errors():
        run(sys.argv[1:])


if __name__ == "__main__":
    main()
