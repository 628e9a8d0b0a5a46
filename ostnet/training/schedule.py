"""Learning rate over a run whose length is known in steps or in minutes."""

import math


def rate_factor(schedule: str, progress: float) -> float:
    """Factor on the learning rate at ``progress`` in [0, 1] of the run.

    ``step``: 1, then 0.1 from 80 %; ``cosine``: from 1 to .01; ``constant``: 1.
    """
    if schedule == "step":
        return 1.0 if progress < 0.8 else 0.1
    if schedule == "cosine":
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return 1.0


def progress_of(step: int, steps: int | None, elapsed: float, minutes: float | None) -> float:
    """Share of the run that is done: by steps where they are given, else by time.

    Only a run measured in steps repeats exactly; one measured in minutes decays within each call.
    """
    if steps is not None:
        return min(step / max(steps, 1), 1.0)
    if minutes is not None:
        return min(elapsed / (60 * minutes), 1.0)
    return 0.0
