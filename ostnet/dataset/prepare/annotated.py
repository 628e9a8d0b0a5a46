"""What annotations say of one video, in whichever form they come."""

from dataclasses import dataclass

from ostnet.dataset.prepare.source_videos import Span


@dataclass(frozen=True)
class Annotated:
    """One video of a data set."""

    names: tuple[str, ...]
    """Names without ending that its file may have, the usual one first."""
    spans: tuple[Span, ...]
