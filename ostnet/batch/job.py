"""One job of a batch: its inputs, how it is made, and its outcome."""

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

import ostnet
from ostnet.animation.pipeline import Pipeline
from ostnet.errors import InputError
from ostnet.hub import CONFIG, WEIGHTS
from ostnet.media.sequence import is_sequence, picture_files
from ostnet.options import AnimateOptions


@dataclass(frozen=True)
class Job:
    """One video to make. Paths are absolute, so that any process finds them."""

    name: str
    """Name of the result, without ``.mp4``."""

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
    """SHA-256 of what a job is made from, as hexadecimal digits."""

    source: str
    driving: str
    weights: str
    job: str
    """Covers these three, the options and the version of this package, but neither the result's
    name nor the paths of the files."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job: a video, or one line with the reason why there is none."""

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
    """Hash everything that the job is made from.

    Raises:
        OSError: a file that cannot be read.
    """
    source, driving = file_hash(job.source), _driving_hash(job.driving)
    weights = _text_hash(file_hash(job.weights / CONFIG), file_hash(job.weights / WEIGHTS))
    how = repr((job.options, job.device, job.backend))
    made_from = _text_hash(source, driving, weights, how, ostnet.__version__)
    return Hashes(source, driving, weights, made_from)


def _driving_hash(path: Path) -> str:
    if not is_sequence(path):
        return file_hash(path)
    return _text_hash(*map(file_hash, picture_files(path)))


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file; an unchanged file is not read again."""
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


def make(job: Job, cancel: Callable[[], bool], folder: Path, processes: int = 1) -> Outcome:
    """Render a job to ``folder/NAME.mp4``, which appears complete or not at all.

    ``processes`` share this machine's processors.
    """
    _share_threads(processes)

    def stop_if_cancelled() -> bool:
        if cancel():
            raise InputError("stopped: the job is not finished; run the same command again")
        return False

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", module="ostnet")
        try:
            pipeline = _pipeline(job.weights, job.device, job.backend)
            result = pipeline(
                job.source,
                job.driving,
                folder / job.file,
                job.options,
                cancel=stop_if_cancelled,
            )
        except InputError as error:
            return Outcome(problem=_one_line(str(error)))
        except Exception as error:  # any error: the other jobs go on
            return Outcome(problem=_one_line(f"{type(error).__name__}: {error}"))
    scales = [scale for scale, face in zip(result.scales, result.faces, strict=True) if face]
    x, y = np.median(scales, axis=0) if scales else (1.0, 1.0)
    return Outcome(
        seconds=result.seconds,
        frames=result.frames,
        held=result.held,
        scale=(float(x), float(y)),
        warnings=tuple(str(one.message) for one in said),
    )


@lru_cache(maxsize=1)
def _share_threads(processes: int) -> None:
    """Give torch its share of the threads; once, since each call would divide them again."""
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() // processes))


@lru_cache(maxsize=2)
def _pipeline(weights: Path, device: str, backend: str) -> Pipeline:
    """Return a pipeline; the cache keeps two, for jobs that alternate between weights."""
    return Pipeline(weights, device, backend, overlap=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
