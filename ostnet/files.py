"""Atomic output, the cache folder, and downloads."""

import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ostnet.errors import InputError

VARIABLE = "OSTNET_CACHE"
"""Environment variable with the cache folder; default: ``~/.cache/ostnet``."""

LEAST_ROOM = 4096
"""Bytes that a disk must have free to be written: one block."""


def cache_root() -> Path:
    """Return the cache folder, for files that can be recreated; it may not exist yet.

    Raises:
        OSError: the variable is not set, and the user has no home.
    """
    root = os.environ.get(VARIABLE, "").strip()
    try:
        return Path(root).expanduser() if root else Path.home() / ".cache" / "ostnet"
    except RuntimeError as error:  # a user without a home
        raise OSError(str(error)) from error


def problem_with_output(path: Path) -> str | None:
    """Return why a file or folder cannot be made there, None if it can, and make nothing."""
    place = next(one for one in (path, *path.absolute().parents) if one.is_dir())
    if not os.access(place, os.W_OK | os.X_OK):
        return f"the folder '{place}' cannot be written; choose another or change its permissions"
    if shutil.disk_usage(place).free < LEAST_ROOM:
        return f"the disk of '{place}' is full; delete something or choose another"
    return None


def check_outputs(*paths: Path | None) -> None:
    """Check that files or folders can be made, before the work for them begins; skip None.

    Raises:
        InputError: one of them cannot.
    """
    for path in filter(None, paths):
        if problem := problem_with_output(path):
            raise InputError(f"output: {problem}")


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder; its content moves to ``folder`` if the block raises no error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as place:
        stage = Path(place) / "new"
        stage.mkdir()
        yield stage
        if not folder.exists():
            os.replace(stage, folder)
            return
        for part in stage.iterdir():
            os.replace(part, folder / part.name)


@contextmanager
def new_folder(folder: Path, role: str = "output") -> Iterator[Path]:
    """Yield a temporary folder as :func:`staged` does, for a folder that is to be new.

    Raises:
        InputError: ``folder`` is not empty; ``role`` names it in the message.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{role}: {str(folder)!r} is not empty; give a new or an empty folder")
    with staged(folder) as stage:
        yield stage


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` write a temporary file, then rename it; make its folder if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def download(
    url: str, path: Path, is_valid: Callable[[bytes], bool], timeout: float = 60.0
) -> None:
    """Download a file into a folder that is made if needed.

    Args:
        url: address of the file.
        path: appears only when the file is complete and valid.
        is_valid: checks the content.
        timeout: seconds without an answer.

    Raises:
        OSError: the file cannot be downloaded, is not valid, or cannot be written.
    """
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            content = answer.read()
    except ValueError as error:  # the address is invalid
        raise OSError(str(error)) from error
    if not is_valid(content):
        raise OSError("not the expected content")
    write_atomically(path, lambda partial: partial.write_bytes(content))
