"""What was left out, and why: the rows of ``skipped.csv``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Skip:
    """A video, or a stretch of one, that gave no clip."""

    video: str
    reason: str
    start: float | None = None
    """Seconds; None: the whole video."""
    end: float | None = None
