"""Command-line flags made of configuration dataclasses, and errors of one line.

Plain argparse, so that training needs nothing of the command line's other parts.
"""

import argparse
import ast
import inspect
import re
import textwrap
import types
from dataclasses import MISSING, fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from ostnet.errors import InputError

Config = TypeVar("Config")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises :class:`InputError` instead of printing its usage."""

    def __init__(self, prog: str, description: str):
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into ``<which input>: <what is wrong; what to do>``."""
        for pattern, form in (
            (r"argument -*([^ /]+)\S*: (.*)", r"\1: \2"),
            (r"the following arguments are required: (.*)", r"\1: missing but required"),
            (r"unrecognized arguments: (.*)", r"\1: not an argument of this command"),
            (r"(.*)", r"arguments: \1"),
        ):
            if match := re.fullmatch(pattern, message, flags=re.DOTALL):
                text = match.expand(form)
                raise InputError(text if ";" in text else f"{text}; see {self.prog} --help")


def parse(parser: Parser, config: type[Config], argv: list[str]) -> Config:
    """Add one flag per field of the dataclass ``config``, parse ``argv``, build the dataclass.

    ``some_field`` becomes ``--some-field``, the docstring under it its help; a field without a
    default is required; a boolean also has ``--no-some-field``; ``tuple[str, ...]`` takes several
    words; fields of a dataclass inside become ``--inner-field``. Flags that are not given keep the
    dataclass's own default.

    Raises:
        InputError: flags that do not parse, or values that the dataclass refuses.
    """
    _add(parser, config, "")
    given = vars(parser.parse_args(argv))
    try:
        return _build(config, given, "")
    except InputError:
        raise
    except ValueError as error:
        raise InputError(str(error)) from error


def field_docs(config: type) -> dict[str, str]:
    """The docstring under each field of a dataclass and its bases, on one line."""
    docs = {}
    for part in filter(is_dataclass, reversed(config.__mro__)):
        body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0].body
        for field, below in pairwise(body):
            documented = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(field, ast.AnnAssign) and documented:
                docs[field.target.id] = " ".join(str(below.value.value).split()).replace("``", "")
    return docs


class _Words(argparse.Action):
    """Words with blanks or commas between them, as a tuple."""

    def __call__(self, parser, namespace, values, option_string=None):
        words = [word for value in values for word in value.split(",") if word]
        setattr(namespace, self.dest, tuple(words))


def _add(parser: Parser, config: type, prefix: str) -> None:
    docs, hints = field_docs(config), get_type_hints(config)
    for field in sorted(fields(config), key=lambda field: field.kw_only):  # those of bases last
        kind = hints[field.name]
        if is_dataclass(kind):
            _add(parser, kind, f"{field.name}_")
            continue
        name = prefix + field.name
        required = field.default is MISSING and field.default_factory is MISSING
        text = docs.get(field.name, "")
        if field.default not in (MISSING, None, ""):
            text += f" (default: {field.default})"
        options = {
            "dest": name,
            "required": required,
            "default": argparse.SUPPRESS,
            "help": text.replace("%", "%%"),
        }
        if kind is bool:
            options["action"] = argparse.BooleanOptionalAction
        elif kind == tuple[str, ...]:
            options |= {"nargs": "+", "action": _Words, "metavar": field.name.upper()}
        else:
            options["type"] = _value_type(kind)
            options["metavar"] = field.name.upper()
        parser.add_argument(f"--{name.replace('_', '-')}", **options)


def _value_type(kind) -> type:
    """``T`` of ``T`` or ``T | None``: what turns text into the value."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind not in (str, int, float, Path):
        raise TypeError(f"no flag for a field of type {kind}")
    return kind


def _build(config: type[Config], given: dict, prefix: str) -> Config:
    hints, values = get_type_hints(config), {}
    for field in fields(config):
        kind, name = hints[field.name], prefix + field.name
        if is_dataclass(kind):
            values[field.name] = _build(kind, given, f"{field.name}_")
        elif name in given:
            values[field.name] = given[name]
    return config(**values)
