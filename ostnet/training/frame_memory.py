"""Where decoded frames live: in a GPU's memory or, on a CPU, in a file kept between runs."""

import hashlib
import math
import shutil
from pathlib import Path

import numpy as np
import torch

from ostnet.dataset.manifest import Row
from ostnet.errors import InputError


def allocate(
    rows: list[Row],
    kept: list[np.ndarray],
    resolution: int,
    device: torch.device,
    cache_dir: Path | str | None,
) -> tuple[torch.Tensor, np.ndarray]:
    """Frames (N, 3, R, R) uint8 of all files and, per file, how many are decoded already.

    ``kept``: which frames of each file. -1: none yet, 0: unreadable. On a CPU both are views of
    cache files, which a changed video, another ``resolution`` or other frames make anew.

    Raises InputError if the cache folder or the GPU has too little room.
    """
    total = sum(len(indices) for indices in kept)
    shape = (total, 3, resolution, resolution)
    if device.type != "cpu":
        try:
            frames = torch.empty(shape, dtype=torch.uint8, device=device)
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"data: {total} frames of {len(rows)} files take {math.prod(shape) / 1e9:.1f} GB, "
                f"more than {device} has left; stream shards (--stream), or lower "
                "--max-frames-per-clip or --resolution"
            ) from error
        return frames, np.full(len(rows), -1, dtype=np.int32)
    folder = Path(cache_dir or Path.home() / ".cache" / "ostnet" / "frames")
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(repr(shape).encode())
    for row, indices in zip(rows, kept, strict=True):
        key.update(repr((row.file, indices.tolist(), *row.fingerprint())).encode())
    stem = folder / key.hexdigest()[:20]
    frames_file, lengths_file = stem.with_suffix(".frames"), stem.with_suffix(".lengths.npy")
    known = frames_file.exists() and lengths_file.exists()
    if not known:
        if shutil.disk_usage(folder).free < math.prod(shape):
            raise InputError(
                f"frame cache {folder}: {math.prod(shape) / 1e9:.1f} GB are needed, "
                f"{shutil.disk_usage(folder).free / 1e9:.1f} GB are free; choose another cache "
                "folder, a lower resolution or fewer frames a clip"
            )
        np.save(lengths_file, np.full(len(rows), -1, dtype=np.int32))
    frames = np.memmap(frames_file, np.uint8, mode="r+" if known else "w+", shape=shape)
    return torch.from_numpy(frames), np.lib.format.open_memmap(lengths_file, mode="r+")
