"""Weight files that the user gives: found, and named by their content."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ostnet.errors import InputError


def existing_file(path: Path, option: str, what: str) -> Path:
    """The path itself; raises InputError, naming the option, where no file is there."""
    if not path.is_file():
        raise InputError(f"{option}: {path} is no file; give {what}")
    return path


def digest(paths: Sequence[Path]) -> str:
    """'sha256 0123456789ab' over the content of these files, in this order."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    return f"sha256 {total.hexdigest()[:12]}"
