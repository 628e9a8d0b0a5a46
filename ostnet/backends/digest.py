"""What a graph depends on, as a hash."""

import hashlib
import json
from pathlib import Path

from ostnet.model.ostnet import OSTNet

_PACKAGE = Path(__file__).resolve().parent.parent


def model_digest(model: OSTNet) -> str:
    """SHA-256 of the configuration and of every weight, in the precision they have in memory."""
    digest = hashlib.sha256(json.dumps(model.config.to_dict(), sort_keys=True).encode())
    for name, value in sorted(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue  # not on disk, and nothing reads it
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def code_digest() -> str:
    """SHA-256 of the code that turns weights into graphs."""
    paths = sorted([*_PACKAGE.glob("model/*.py"), *_PACKAGE.glob("backends/*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def combined(*parts: str) -> str:
    """One hash of several texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
