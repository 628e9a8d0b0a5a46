"""The portraits and clips that come with the project."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "examples"
"""Beside a checkout; an installed package has none, and the page then starts empty."""

PORTRAITS = sorted(FOLDER.glob("portraits/*.*"))
DRIVING = sorted(FOLDER.glob("driving/*.mp4"))

_FIRST_PORTRAIT, _FIRST_DRIVING = "eileen_collins.jpg", "near_1.4.mp4"


def first_portrait() -> str | None:
    """The portrait that the page starts with."""
    return _named(PORTRAITS, _FIRST_PORTRAIT)


def first_driving() -> str | None:
    """The clip that the page starts with: a head much larger than the portrait's."""
    return _named(DRIVING, _FIRST_DRIVING)


def _named(files: list[Path], name: str) -> str | None:
    return next((str(file) for file in files if file.name == name), None)


def names(files: list[Path]) -> list[str]:
    """What the files are called on the page."""
    return [file.stem.replace("_", " ") for file in files]
