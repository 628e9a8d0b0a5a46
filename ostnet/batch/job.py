"""One job of a batch, and what came of it."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import ostnet
from ostnet.hub import CONFIG, WEIGHTS
from ostnet.options import AnimateOptions


@dataclass(frozen=True)
class Job:
    """One video to make. Paths are absolute, so that any process finds them."""

    name: str
    """Of the result, without ``.mp4``."""

    source: Path
    driving: Path
    weights: Path
    """Folder with config.json and model.safetensors."""

    options: AnimateOptions = AnimateOptions()
    device: str = "auto"
    backend: str = "auto"

    @property
    def file(self) -> str:
        """Name of the result's file."""
        return f"{self.name}.mp4"


@dataclass(frozen=True)
class Hashes:
    """SHA-256, as hexadecimal digits, of what a job is made from."""

    source: str
    driving: str
    weights: str
    job: str
    """Of these three, the options and this package's version: another result needs another hash.
    The result's name and the files' places do not count."""


@dataclass(frozen=True)
class Outcome:
    """What came of a job: a video, or the one line that says why there is none."""

    problem: str | None = None
    seconds: float = 0.0
    """Wall time."""

    frames: int = 0
    held: int = 0
    """Frames without a face, which repeat the last motion."""

    scale: tuple[float, float] = (1.0, 1.0)
    """Medians of s_x and s_y over the frames with a face: how many times larger the driving face is
    than the source's."""

    warnings: tuple[str, ...] = ()


def hashes(job: Job) -> Hashes:
    """Read everything that the job is made from.

    Raises:
        OSError: a file that cannot be read.
    """
    source, driving = file_hash(job.source), file_hash(job.driving)
    weights = _text_hash(file_hash(job.weights / CONFIG), file_hash(job.weights / WEIGHTS))
    how = repr((job.options, job.device, job.backend))
    made_from = _text_hash(source, driving, weights, how, ostnet.__version__)
    return Hashes(source, driving, weights, made_from)


def file_hash(path: Path) -> str:
    """SHA-256 of a file; one that has not changed since is not read again."""
    stat = path.stat()
    return _file_hash(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _file_hash(path: Path, size: int, changed: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _text_hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
