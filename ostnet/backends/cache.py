"""Built graphs on disk, in folders named by a hash of everything that they depend on."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ostnet.backends.digest import checkpoint_digest
from ostnet.backends.manifest import Manifest
from ostnet.files import cache_root

KEPT = 8
"""Number of most recently used folders that are kept; about 60 MB each for the ``lite`` widths."""


def cache_folder() -> Path:
    """Return the folder of the cache."""
    return cache_root() / "graphs"


def cached(key: str, build: Callable[[Path], Manifest]) -> tuple[Path, Manifest]:
    """Return the folder of a key and its manifest; build it if it is missing or broken.

    Args:
        key: hash of everything that the graphs depend on.
        build: writes graphs and manifest into an empty folder.

    Raises:
        OSError: the cache cannot be written.
    """
    folder = cache_folder() / key
    try:
        manifest = Manifest.read(folder)
    except (ValueError, OSError):
        pass
    else:
        with contextlib.suppress(OSError):  # another user's cache can be read
            os.utime(folder)
        return folder, manifest
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
    try:
        manifest = build(stage)
        try:
            stage.rename(folder)
        except OSError:  # the folder exists
            try:
                manifest = Manifest.read(folder)  # another process has built it
            except ValueError:  # it is broken
                shutil.rmtree(folder, ignore_errors=True)
                stage.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    remove_oldest(folder.parent, KEPT)
    return folder, manifest


def remove_oldest(folder: Path, kept: int) -> None:
    """Remove the entries of a cache except the ``kept`` most recently used ones."""
    entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in entries[kept:]:
        shutil.rmtree(path, ignore_errors=True)


def was_built(checkpoint: Path) -> bool:
    """Return whether the cache has graphs of a checkpoint, whose weights then need no check."""
    try:
        manifests = list(cache_folder().glob("*/manifest.json"))
        if not manifests:
            return False
        weights = checkpoint_digest(checkpoint)
        return any(Manifest.weights_of(file.parent) == weights for file in manifests)
    except (ValueError, OSError):
        return False
