"""Flags made of a dataclass: what is given, what stands where nothing is, what is refused."""

from dataclasses import dataclass, field

import pytest

from ostnet.errors import InputError
from ostnet.exits import exit_code
from ostnet.flags import Parser, Style, build, given, parse


@dataclass
class Weights:
    """Weights of something."""

    pixel: float = 1.0
    """Of the pixels."""
    region: float = 0.0
    """Of mouth and eyes."""


@dataclass
class Settings:
    """Settings of something."""

    name: str
    """What to call it."""
    steps: int | None = None
    """How many; 100 % of them."""
    stream: bool = False
    """Read as a stream."""
    runs: tuple[str, ...] = ()
    """Several words."""
    weights: Weights = field(default_factory=Weights)
    """Of the terms."""

    def __post_init__(self):
        if self.steps is not None and self.steps < 0:
            raise InputError(f"steps: found {self.steps}, expected at least 0")


def read(text: str) -> Settings:
    return parse(Parser("example", "An example."), Settings, text.split())


def test_every_field_is_a_flag():
    found = read("--name a --steps 3 --stream --runs b c,d --weights-pixel 2")
    assert found == Settings("a", 3, True, ("b", "c", "d"), Weights(pixel=2.0))
    assert read("--name a --no-stream") == Settings("a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--steps 3", "name: missing but required"),
        ("--name a --steps many", "steps: invalid int value: 'many'; see example --help"),
        ("--name a --step 3", "--step: not an argument of this command; did you mean --steps?"),
        ("--name a --steps -3", "steps: found -3, expected at least 0"),
    ],
)
def test_wrong_flags_are_refused_in_one_line(text, message, capsys):
    with pytest.raises(InputError) as refused:
        read(text)
    assert message in str(refused.value)
    assert exit_code(lambda: read(text)) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_instance_brings_its_own_defaults(capsys):
    usual = Settings("usual", 7, weights=Weights(region=4.0))
    style = Style(required=("steps",), prefixes={"weights": "weight"})
    values = given(Parser("example", ""), usual, ["--steps", "8", "--weight-pixel", "2"], style)
    assert values == {"steps": 8, "weights": {"pixel": 2.0}}
    assert build(usual, values) == Settings("usual", 8, weights=Weights(2.0, 4.0))
    with pytest.raises(SystemExit):
        given(Parser("example", ""), usual, ["--help"], style)
    told = " ".join(capsys.readouterr().out.split())
    assert "Of mouth and eyes. (default: 4.0)" in told and "100 % of them. (default: 7)" in told
