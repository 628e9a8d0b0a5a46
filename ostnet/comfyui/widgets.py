"""The fields of :class:`AnimateOptions` as widgets of ComfyUI."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import Field, fields
from typing import Any, get_args, get_type_hints

from ostnet.flags import field_docs
from ostnet.options import AnimateOptions

DEFAULT = "default"
"""Entry of a menu that stands for None; of a number, 0 does."""

AXES = ("_x", "_y")
"""Suffixes of the two widgets of a pair of numbers."""

Widget = tuple[Any, dict[str, Any]]
"""Type or list of choices, and settings, as in ComfyUI's ``INPUT_TYPES``."""


def option_widgets(names: Collection[str]) -> dict[str, Widget]:
    """Return the widgets of these fields, by name, in the dataclass's order."""
    docs, kinds = field_docs(AnimateOptions), get_type_hints(AnimateOptions)
    return {
        name: widget
        for one in fields(AnimateOptions)
        if one.name in names
        for name, widget in _widgets(one, kinds[one.name], docs.get(one.name, ""))
    }


def options_of(values: Mapping[str, Any]) -> AnimateOptions:
    """Return the options that widgets give; a missing one has its default.

    Raises:
        InputError: a value out of its range.
    """
    given = {}
    for one in fields(AnimateOptions):
        if isinstance(one.default, tuple):
            given[one.name] = tuple(
                values.get(one.name + axis, default)
                for axis, default in zip(AXES, one.default, strict=True)
            )
        elif one.name in values:
            unset = one.default is None and values[one.name] in (DEFAULT, 0)
            given[one.name] = None if unset else values[one.name]
    return AnimateOptions(**given)


def _widgets(one: Field, kind: Any, text: str) -> Iterator[tuple[str, Widget]]:
    """Yield names and widgets of one field: two for a pair of numbers, else one."""
    words, settings = one.metadata["metavar"].split("|"), {"default": one.default, "tooltip": text}
    least, most = one.metadata["span"]
    numbers = {"min": least, "max": most}
    parts = set(get_args(kind) or (kind,)) - {type(None)}
    if kind is bool:
        yield one.name, ("BOOLEAN", settings)
    elif isinstance(one.default, tuple):
        for axis, default in zip(AXES, one.default, strict=True):
            yield (
                one.name + axis,
                ("FLOAT", settings | numbers | {"default": default, "step": 0.01}),
            )
    elif len(words) > 1 and all(word == word.lower() for word in words):
        if one.default is None:
            words = [DEFAULT, *words]
            settings = {"default": DEFAULT, "tooltip": text.replace("empty:", f"{DEFAULT}:")}
        yield one.name, (words, settings)
    elif parts <= {int, float}:
        if one.default is None:
            settings = {"default": 0, "tooltip": f"{text} 0: no limit."}
        step = {"step": 0.01} if float in parts else {}
        yield one.name, ("FLOAT" if step else "INT", settings | numbers | step)
    else:
        yield one.name, ("STRING", settings | {"default": one.default or ""})
