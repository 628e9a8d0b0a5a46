"""Command-line flags made from configuration dataclasses, with one-line errors.

This is plain argparse rather than tyro or jsonargparse: training runs on machines with the standard
library alone, and every error must be one line.
"""

import argparse
import ast
import difflib
import inspect
import os
import re
import sys
import textwrap
import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from ostnet.errors import InputError

Config = TypeVar("Config")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises :class:`InputError` instead of printing its usage."""

    def __init__(self, prog: str, description: str):
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def parse_known_args(self, args=None, namespace=None):  # pyright: ignore
        """Check for unknown flags before anything else."""
        for word in sys.argv[1:] if args is None else args:
            flag = word.partition("=")[0]
            if flag.startswith("--") and flag not in ("--", *self._option_string_actions):
                near = difflib.get_close_matches(flag, self._option_string_actions, 1)
                meant = f"; did you mean {near[0]}?" if near else f"; see {self.prog} --help"
                raise InputError(f"{flag}: not an argument of this command{meant}")
        return super().parse_known_args(args, namespace)

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
        raise AssertionError("the last pattern matches everything")


@dataclass(frozen=True)
class Style:
    """Differences of a dataclass's flags from its fields."""

    required: Collection[str] = ()
    """Fields that must be given although they have a default."""

    leave_out: Collection[str] = ()
    """Fields that get no flag."""

    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Field that is itself a dataclass -> prefix of its flags; its own name otherwise."""


def parse(parser: Parser, config: type[Config], argv: list[str]) -> Config:
    """Add one flag per field of the dataclass ``config``, parse ``argv``, build the dataclass.

    Raises:
        InputError: flags that do not parse, or values that the dataclass refuses.
    """
    return build(config, given(parser, config, argv))


def given(
    parser: Parser, config: type | object, argv: list[str], style: Style | None = None
) -> dict[str, Any]:
    """Add one flag per field of a dataclass and parse ``argv``.

    ``some_field`` becomes ``--some-field``, the docstring under it its help; a field without a
    default is required; a boolean also has ``--no-some-field``; ``tuple[str, ...]`` takes several
    words; fields of a nested dataclass become ``--inner-field``.

    Args:
        parser: to which the flags are added.
        config: the dataclass, or an instance of it whose values the help shows as defaults.
        argv: the words of the command line.
        style: see :class:`Style`.

    Returns:
        Field -> value of each flag that was given; a nested dictionary for a nested dataclass.

    Raises:
        InputError: flags that do not parse.
    """
    add_flags(parser, config, style)
    values: dict[str, Any] = {}
    for name, value in vars(parser.parse_args(argv)).items():
        *inside, last = name.split(".")
        place = values
        for step in inside:
            place = place.setdefault(step, {})
        place[last] = value
    return values


def build(config: type[Config] | Config, values: Mapping[str, Any]) -> Config:
    """Build a dataclass from what was given.

    Args:
        config: the class, or an instance whose values replace the class's defaults.
        values: as :func:`given` returns them.

    Raises:
        InputError: values that the dataclass refuses.
    """
    values, kinds = dict(values), get_type_hints(_class_of(config))
    start: Any = config
    for name, value in values.items():
        if is_dataclass(kinds[name]):
            inner = kinds[name] if isinstance(start, type) else getattr(start, name)
            values[name] = build(inner, value)
    try:
        return start(**values) if isinstance(start, type) else replace(start, **values)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(str(error)) from error


def field_docs(config: type) -> dict[str, str]:
    """Return the docstring under each field of a dataclass and its bases; {} without source."""
    docs = {}
    parts: list[type] = [part for part in reversed(config.__mro__) if is_dataclass(part)]
    for part in parts:
        try:
            source = inspect.getsource(part)
        except (OSError, TypeError):  # defined by exec or at a prompt
            continue
        tree = ast.parse(textwrap.dedent(source)).body[0]
        for above, below in pairwise(tree.body if isinstance(tree, ast.ClassDef) else ()):
            match above, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    docs[name] = " ".join(text.split()).replace("``", "")
    return docs


class _Words(argparse.Action):
    """Collects words, separated by blanks or commas, into a tuple."""

    def __call__(self, parser, namespace, values, option_string=None):
        words = [word for value in values or () for word in str(value).split(",") if word]
        setattr(namespace, self.dest, tuple(words))


def _class_of(config: type | object) -> type:
    return config if isinstance(config, type) else type(config)


def add_flags(
    parser: argparse.ArgumentParser,
    config: type | object,
    style: Style | None = None,
    inside: tuple[str, ...] = (),
) -> None:
    """Add the flags of a dataclass that is reached through the fields ``inside``.

    A field whose metadata has ``read`` gets the text as typed: the dataclass parses it.
    """
    known, style = _class_of(config), style or Style()
    docs, kinds = field_docs(known), get_type_hints(known)
    for item in sorted(fields(known), key=lambda item: item.kw_only is True):  # bases last
        kind = kinds[item.name]
        if item.name in style.leave_out:
            continue
        if is_dataclass(kind):
            inner = kind if isinstance(config, type) else getattr(config, item.name)
            add_flags(parser, inner, style, (*inside, item.name))
            continue
        default = _default(config, item)
        text = docs.get(item.name, "")
        if default not in (MISSING, None, "", ()) and "default" not in text:
            shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
            text += f" (default: {shown})"
        options: dict[str, Any] = {
            "dest": ".".join((*inside, item.name)),
            "required": default is MISSING or item.name in style.required,
            "default": argparse.SUPPRESS,
            "help": text.replace("%", "%%"),
        }
        if kind is bool:
            options["action"] = argparse.BooleanOptionalAction
        elif kind == tuple[str, ...]:
            options |= {
                "nargs": "+",
                "action": _Words,
                "type": os.path.expanduser,
                "metavar": item.name.upper(),
            }
        elif "read" in item.metadata:
            options |= {"type": str, "metavar": item.metadata["metavar"]}
        else:
            options |= {"type": _value_type(kind), "metavar": item.name.upper()}
        words = [style.prefixes.get(outer, outer) for outer in inside] + [item.name]
        parser.add_argument("--" + "-".join(words).replace("_", "-"), **options)


def _default(config: type | object, item) -> Any:
    """Return a field's default; MISSING without one."""
    if not isinstance(config, type):
        return getattr(config, item.name)
    if item.default is MISSING and item.default_factory is not MISSING:
        return item.default_factory()
    return item.default


def _value_type(kind) -> Callable[[str], Any]:
    """Return the function that turns text into a value of ``T`` or ``T | None``."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind not in (str, int, float, Path):
        raise TypeError(f"no flag for a field of type {kind}")
    return {Path: path_of, str: os.path.expanduser}.get(kind, kind)


def path_of(text: str) -> Path:
    """Return the path of a file or folder; ``~`` is the user's home."""
    return Path(text).expanduser()
