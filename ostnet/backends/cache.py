"""Built graphs on disk, by the hash of all that they depend on."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ostnet.backends.manifest import Manifest
from ostnet.cache import VARIABLE, cache_root

__all__ = ["KEPT", "VARIABLE", "cache_folder", "cached"]

KEPT = 8
"""Entries that stay, the last used ones: about 60 MB each for the ``lite`` widths."""


def cache_folder() -> Path:
    """Where graphs are kept."""
    return cache_root() / "graphs"


def cached(key: str, build: Callable[[Path], Manifest]) -> tuple[Path, Manifest]:
    """The folder of this key and its manifest; built where there is none, or a broken one.

    Args:
        key: hash of everything that the graphs depend on.
        build: writes graphs and manifest into an empty folder.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = cache_folder() / key
    try:
        manifest = Manifest.read(folder)
        os.utime(folder)
        return folder, manifest
    except (ValueError, OSError):
        pass
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
    try:
        manifest = build(stage)
        try:
            stage.rename(folder)
        except OSError:  # there is one
            try:
                manifest = Manifest.read(folder)  # another process was first
            except ValueError:  # it is broken
                shutil.rmtree(folder, ignore_errors=True)
                stage.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    _forget_old(folder.parent)
    return folder, manifest


def _forget_old(folder: Path) -> None:
    entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
