"""Folders that this package writes, its cache, and downloads into it."""

import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ostnet.errors import InputError

VARIABLE = "OSTNET_CACHE"
"""Environment variable that names another cache folder than ``~/.cache/ostnet``."""


def cache_root() -> Path:
    """Return the cache folder for what can be made again; it may not exist yet."""
    root = os.environ.get(VARIABLE, "").strip()
    return Path(root).expanduser() if root else Path.home() / ".cache" / "ostnet"


@contextmanager
def new_folder(folder: Path, role: str = "output") -> Iterator[Path]:
    """Yield a temporary folder; its content moves to ``folder`` if the block raises no error.

    Raises:
        InputError: ``folder`` is not empty; ``role`` names it in the message.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{role}: {str(folder)!r} is not empty; give a new or an empty folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
        stage = Path(place) / "new"
        stage.mkdir()
        yield stage
        if not folder.exists():
            stage.rename(folder)
        else:
            for part in stage.iterdir():
                part.rename(folder / part.name)


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
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
