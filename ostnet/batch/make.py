"""The unit of work of every way to run a batch: one job, in a process that keeps its networks."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from ostnet.animation.animator import Animator
from ostnet.animation.render import Network, Plan, Spread, Take, Variants, rendered, run
from ostnet.animation.scene import look_at
from ostnet.batch.job import Job, Outcome
from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet

Work = Callable[[Job], Outcome]
"""What a process does with a job; never raises an Exception."""


def make(job: Job, folder: Path) -> Outcome:
    """Render a job to ``folder/NAME.mp4``, which appears once it is whole."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", module="ostnet")
        try:
            outcome = _made(job, folder)
        except InputError as error:
            return Outcome(problem=_one_line(str(error)))
        except Exception as error:  # of whatever kind: the other jobs go on
            return Outcome(problem=_one_line(f"{type(error).__name__}: {error}"))
    return replace(outcome, warnings=(*outcome.warnings, *(str(one.message) for one in said)))


def _made(job: Job, folder: Path) -> Outcome:
    scene = look_at(job.inputs)
    animator = Animator(_model(job.weights), job.device, job.backend, scene.size)
    scales: list[tuple[float, float]] = []
    plan = Plan({job.variant: folder / job.file}, paste=job.paste)
    *_, take = run(scene, plan, _noting_scales(partial(rendered, animator), scales))
    if not isinstance(take, Take):
        raise AssertionError("a run ends with its take")
    x, y = np.median(scales, axis=0) if scales else (1.0, 1.0)
    return Outcome(
        seconds=take.seconds,
        frames=take.frames,
        held=take.held,
        scale=(float(x), float(y)),
        warnings=tuple(scene.warnings),
    )


@lru_cache(maxsize=2)
def _model(weights: Path) -> OSTNet:
    """The networks; loaded once in a process, or twice where jobs take turns with them."""
    return OSTNet.from_pretrained(str(weights))


def _noting_scales(network: Network, scales: list[tuple[float, float]]) -> Network:
    """The same network; (s_x, s_y) of each frame with a face goes into the list as well."""

    def noting(*arguments) -> Iterator[tuple[Spread, Variants]]:
        for spread, made in network(*arguments):
            frame = next(iter(made.values()))
            if not frame.held:
                scales.append(frame.scale)
            yield spread, made

    return noting


def _one_line(text: str) -> str:
    return " ".join(text.split())
