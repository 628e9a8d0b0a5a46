"""The comparison that plays when the page opens.

``tests/tools/make_showcase.py`` renders it. It is stored beside the examples with a hash of its
inputs, so that the page never shows the results of other weights.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ostnet.hub.downloads import CONFIG, WEIGHTS

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
"""Part of a checkout; an installed package has no examples."""

FOLDER = EXAMPLES / "showcase"
PORTRAIT = EXAMPLES / "portraits" / "eileen_collins.jpg"
DRIVING = EXAMPLES / "driving" / "approaching_webcam.mp4"
"""Inputs of the comparison; the driver moves towards the camera and away from it."""


@dataclass(frozen=True)
class Showcase:
    """The files of a rendered comparison."""

    wide: Path
    """MP4: all panes, four side by side."""
    narrow: Path
    """MP4 for phones: portrait, driving clip and the variants, two side by side."""
    document: dict
    """The run's trace, see :class:`ostnet.animation.trace.Trace`, without times."""


def load_showcase(weights: Path, folder: Path = FOLDER) -> Showcase | None:
    """Return the comparison in ``folder``; None if it is missing or has other inputs.

    Args:
        weights: the checkpoint's folder.
        folder: holds wide.mp4, narrow.mp4 and showcase.json.
    """
    try:
        kept = json.loads((folder / "showcase.json").read_text(encoding="utf-8"))
        if kept["made_of"] != made_of(weights):
            return None
        return Showcase(folder / "wide.mp4", folder / "narrow.mp4", kept["trace"])
    except (OSError, ValueError, KeyError):
        return None


def made_of(weights: Path) -> str:
    """Return the SHA-256 of the weights, their configuration, the portrait and the clip."""
    total = hashlib.sha256()
    for file in (weights / CONFIG, weights / WEIGHTS, PORTRAIT, DRIVING):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
