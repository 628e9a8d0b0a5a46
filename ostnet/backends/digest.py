"""Hashes of weights and code; those of weights are the same in memory and on disk."""

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ostnet.config import ModelConfig

if TYPE_CHECKING:
    import numpy as np

    from ostnet.model.ostnet import OSTNet

ADDED = {
    "gaze_gain": 1.0,
    "merge": "concat",
    "motion_max_width": None,
    "outside": "border",
    "reach": 1.0,
}
"""Newer fields of the configuration -> values that are left out of the hash, so that
``ranges.json`` of older weights stays valid."""

DETECTOR = ("motion_resolution", "detector_unshuffle", "temperature")
"""Fields of the configuration that change keypoints and not the shapes of the detector's weights.
"""

_PACKAGE = Path(__file__).resolve().parent.parent


def model_digest(model: "OSTNet") -> str:
    """Return the SHA-256 of configuration and weights, in the precision they have in memory."""
    tensors = (
        (name, value.detach().cpu().contiguous().numpy())
        for name, value in sorted(model.state_dict().items())
        if not name.endswith("num_batches_tracked")  # not on disk
    )
    return _digest(model.config, tensors)


def checkpoint_digest(folder: Path) -> str:
    """Return the same digest of a checkpoint's files, without torch.

    Raises:
        ValueError: they cannot be read.
    """
    files = [folder / "config.json", folder / "model.safetensors"]
    return _checkpoint_digest(*files, *(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=8)
def _checkpoint_digest(config: Path, weights: Path, *_: int) -> str:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        values = ModelConfig.from_dict(json.loads(config.read_text(encoding="utf-8")))
        tensors = load_file(weights)
    except (OSError, TypeError, RecursionError, SafetensorError) as error:
        raise ValueError(str(error)) from error
    single = (  # torch loads half precision as float32
        (name, value.astype("float32") if value.dtype == "float16" else value)
        for name, value in sorted(tensors.items())
    )
    return _digest(values, single)


def _digest(config: ModelConfig, tensors: Iterable[tuple[str, "np.ndarray"]]) -> str:
    values = {k: v for k, v in config.to_dict().items() if k not in ADDED or v != ADDED[k]}
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for name, value in tensors:
        digest.update(f"{name} {value.dtype} {value.shape}".encode())
        digest.update(value.data)
    return digest.hexdigest()


def detector_digest(model: "OSTNet | Path") -> str:
    """Return the SHA-256 of the keypoint detector; networks that share it find the same keypoints.

    Args:
        model: the networks, or the folder of a checkpoint, which is read without torch.
    """
    if isinstance(model, Path):
        from safetensors.numpy import load_file

        config = ModelConfig.from_dict(json.loads((model / "config.json").read_text("utf-8")))
        stored = load_file(model / "model.safetensors")
    else:
        config = model.config
        stored = {n: v.detach().cpu().contiguous().numpy() for n, v in model.state_dict().items()}
    settings = [getattr(config, name) for name in ("resolution", *DETECTOR)]
    digest = hashlib.sha256(json.dumps(settings).encode())
    for name, value in sorted(stored.items()):
        if name.startswith("detector.") and not name.endswith("num_batches_tracked"):
            digest.update(f"{name} {value.shape}".encode())
            digest.update(value.astype("float32").data)
    return digest.hexdigest()


def code_digest() -> str:
    """Return the SHA-256 of the code that turns weights into graphs."""
    paths = sorted([*_PACKAGE.glob("model/*.py"), *_PACKAGE.glob("backends/*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
