"""Which weights need no checking: graphs have been built of them before."""

from pathlib import Path

from ostnet.backends.cache import cache_folder
from ostnet.backends.manifest import Manifest


def was_built(folder: Path) -> bool:
    """Whether the cache has graphs of a checkpoint's very files; found without torch."""
    kept = list(cache_folder().glob("*/manifest.json"))
    if not kept:
        return False
    from ostnet.backends.digest import checkpoint_digest

    try:
        weights = checkpoint_digest(folder)
        return any(Manifest.weights_of(file.parent) == weights for file in kept)
    except ValueError:
        return False
