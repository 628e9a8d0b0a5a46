"""Readers of option values: a text or a value in, the checked value out.

Each raises a ValueError that says what was expected.
"""

import re
from collections.abc import Callable
from typing import Any

SCALE_WINDOWS = ("frame", "clip", "start")
STRONGEST = 1.5
"""Greatest strength of a movement."""
SIZES = (256, 512, 1024)
LONGEST_WINDOW = 3600
"""Most seconds over which the driving scale is measured."""

SQUARE = r"-?\d{1,6},-?\d{1,6},[1-9]\d{0,5}"
"""Pattern of a square: left, top and side in pixels."""

MOST_FACES = 8
"""Most faces of one portrait that are animated together."""

_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def switch(value: Any) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    if str(value).lower() not in (*_TRUE, *_FALSE):
        raise ValueError("expected true or false")
    return str(value).lower() in _TRUE


def choice(*known: str) -> Callable[[Any], str]:
    """Return a reader of one of the known texts."""

    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return value

    return read


def whole(least: int) -> Callable[[Any], int]:
    """Return a reader of whole numbers from ``least`` on."""

    def read(value: Any) -> int:
        number = _float(value)
        if not number >= least or number % 1:
            raise ValueError(f"expected a whole number of at least {least}")
        return int(number)

    return read


def seconds(value: Any) -> float:
    """Read a number above 0."""
    number = _float(value)
    if not 0 < number < float("inf"):
        raise ValueError("expected a number above 0")
    return number


def strength(value: Any) -> float:
    """Read a strength, 0 to `STRONGEST`."""
    number = _float(value)
    if not 0 <= number <= STRONGEST:
        raise ValueError(f"expected a number from 0 to {STRONGEST}")
    return number


def none_or(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a reader that reads an empty text as None."""
    return lambda value: None if value is None or value == "" else read(value)


def size(value: Any) -> int | str:
    """Read the side of the result: one of `SIZES`, or portrait."""
    if value == "portrait":
        return "portrait"
    if _float(value) not in SIZES:
        raise ValueError(f"expected one of {', '.join(map(str, SIZES))}, portrait")
    return int(_float(value))


def window(value: Any) -> str | float:
    """Read a scale window: its name, or seconds."""
    if value in SCALE_WINDOWS:
        return value
    number = _float(value)
    if not 0 < number <= LONGEST_WINDOW:
        raise ValueError(
            f"expected {', '.join(SCALE_WINDOWS)} or a number of seconds above 0 and up to "
            f"{LONGEST_WINDOW}"
        )
    return number


def zoom(value: Any) -> tuple[float, float]:
    """Read one or two factors, each above 0 and up to 5."""
    parts = value.split(",") if isinstance(value, str) else value
    parts = parts if isinstance(parts, list | tuple) else [parts]
    factors = [_float(part) for part in parts]
    if len(factors) not in (1, 2) or not all(0 < factor <= 5 for factor in factors):
        raise ValueError("expected S or SX,SY with numbers above 0 and up to 5")
    return factors[0], factors[-1]


def square(value: Any) -> str:
    """Read auto, none or a square X,Y,SIDE."""
    if value in ("auto", "none"):
        return value
    text = re.sub(r"\s", "", str(value))
    if not re.fullmatch(SQUARE, text):
        raise ValueError(
            "expected auto, none or X,Y,SIDE: a square's upper left corner and side in pixels of "
            "the portrait"
        )
    return text


def faces(value: Any) -> str | tuple[int, ...]:
    """Read all, or different numbers of faces."""
    if value == "all":
        return value
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    try:
        numbers = tuple(map(whole(0), parts))
    except ValueError:
        numbers = ()
    if not 0 < len(numbers) == len(set(numbers)) <= MOST_FACES:
        raise ValueError(
            f"expected all or N,M,... with up to {MOST_FACES} different numbers of at least 0"
        )
    return numbers


def _float(value: Any) -> float:
    """Return a number, NaN for what is none."""
    try:
        return float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return float("nan")
