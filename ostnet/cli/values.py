"""Types of flag values for argparse; each error names the expected value."""

import argparse
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ostnet.errors import InputError
from ostnet.files import problem_with_output
from ostnet.flags import path_of


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Turn a failed import of an optional package into an InputError that names the extra.

    Raises:
        InputError: a module of it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "ostnet":
            raise
        raise InputError(
            f"installation: the module {error.name!r} is missing; "
            f"install it with pip install 'ostnet[{name}]'"
        ) from error


def whole_number(minimum: int):
    """Return the type of a flag that takes an integer of at least ``minimum``."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < minimum:
            raise argparse.ArgumentTypeError(
                f"found {text!r}, expected a whole number of at least {minimum}"
            )
        return value

    return parse


def existing_file(text: str) -> Path:
    """Return the path of a file to read."""
    if re.match(r"[a-z]+://", text, re.IGNORECASE):
        raise argparse.ArgumentTypeError(
            f"{text!r} is an address; download the file and give its path"
        )
    path = path_of(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder; give a file")
    if not path.exists():
        raise argparse.ArgumentTypeError(f"no file {text!r}; check the path")
    if not path.is_file():
        raise argparse.ArgumentTypeError(
            f"{text!r} is a pipe or device, which can be read only once; save it and give the file"
        )
    if not os.access(path, os.R_OK):
        raise argparse.ArgumentTypeError(f"no permission to read {text!r}; change its mode")
    return path


def driving_clip(text: str) -> Path:
    """Return the path of a clip to read: a file, or a folder or pattern of pictures."""
    from ostnet.media.sequence import is_sequence

    path = path_of(text)
    return path if "://" not in text and is_sequence(path) else existing_file(text)


def output_file(*suffixes: str):
    """Return the type of a flag that names a file to write, with one of these suffixes."""

    def parse(text: str) -> Path:
        path = path_of(text)
        if path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(
                f"{text!r} does not end in {' or '.join(suffixes)}; give one that does"
            )
        if path.is_dir():
            raise argparse.ArgumentTypeError(f"{text!r} is a folder; give a file")
        return _under_folders(path)

    return parse


def output_clip(*suffixes: str):
    """Return the type of a flag that names a video, or a folder of pictures: no suffix."""
    file = output_file(*suffixes)

    def parse(text: str) -> Path:
        path = path_of(text)
        return file(text) if path.suffix and not path.is_dir() else output_folder(text)

    return parse


def output_folder(text: str) -> Path:
    """Return the path of a folder to write into."""
    path = path_of(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a file; give a folder")
    return _under_folders(path)


def repository(text: str) -> str:
    """Check the name of a repository on the Hub."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected owner/repo")
    return text


def pinned_repository(text: str) -> str:
    """Check the name of a repository at a commit; a branch could change."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", text):
        raise argparse.ArgumentTypeError(
            f"found {text!r}, expected owner/repo@COMMIT with the commit's 40 hexadecimal digits"
        )
    return text


def _under_folders(path: Path) -> Path:
    """Return the path if none of its parents is a file, and something can be made there."""
    for parent in path.absolute().parents:
        if parent.exists():
            if not parent.is_dir():
                raise argparse.ArgumentTypeError(f"{str(parent)!r} is a file, not a folder")
            break
    if problem := problem_with_output(path):
        raise argparse.ArgumentTypeError(problem)
    return path
