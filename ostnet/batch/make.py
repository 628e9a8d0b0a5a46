"""The unit of work of every way to run a batch: one job, in a process that keeps its networks."""

import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from ostnet.animation.pipeline import Pipeline
from ostnet.batch.job import Job, Outcome
from ostnet.errors import InputError

Work = Callable[[Job], Outcome]
"""What a process does with a job; never raises an Exception."""


def make(job: Job, folder: Path) -> Outcome:
    """Render a job to ``folder/NAME.mp4``, which appears once it is whole."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", module="ostnet")
        try:
            pipeline = _pipeline(job.weights, job.device, job.backend)
            result = pipeline(job.source, job.driving, folder / job.file, job.options)
        except InputError as error:
            return Outcome(problem=_one_line(str(error)))
        except Exception as error:  # of whatever kind: the other jobs go on
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


@lru_cache(maxsize=2)
def _pipeline(weights: Path, device: str, backend: str) -> Pipeline:
    """Return the networks; loaded once in a process, or twice where jobs take turns with them."""
    return Pipeline(weights, device, backend, overlap=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
