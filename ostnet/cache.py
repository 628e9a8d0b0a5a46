"""Where this package keeps what it can make again, such as networks compiled for this machine."""

import os
from pathlib import Path

VARIABLE = "OSTNET_CACHE"
"""Environment variable that names another folder than ``~/.cache/ostnet``."""


def cache_root() -> Path:
    """That folder; it may not exist yet."""
    root = os.environ.get(VARIABLE, "").strip()
    return Path(root).expanduser() if root else Path.home() / ".cache" / "ostnet"
