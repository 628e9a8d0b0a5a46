"""The measured face sizes of one run, frame by frame, as ``trace.json``."""

import json
from fractions import Fraction

from ostnet.animation.frame import Frame


class Trace:
    """Collects one row per driving frame.

    The document: ``{"fps", "source": {"sigma_x", "sigma_y"}, "frames": [{"index", "held",
    "driving": {"sigma_x", "sigma_y"}, "scale": [s_x, s_y], "variants": {NAME: {"sigma_x",
    "sigma_y"}}, "ms"}]}``. sigma is the rms spread of the model's keypoints about their centroid,
    in normalised coordinates (the picture's half width is 1); ``scale`` is how many times larger
    the driving face is than the source's; ``ms`` is the time the frame took in the networks, all
    its variants together; ``held`` marks frames without a face, which repeat the last motion.
    """

    def __init__(self, fps: Fraction | float, source_spread: tuple[float, float]):
        self.document = {"fps": float(fps), "source": _sigma(source_spread), "frames": []}

    def add(self, variants: dict[str, Frame]) -> None:
        """Add one driving frame by its measured variants (``measure=True`` of the animator)."""
        any_variant = next(iter(variants.values()))
        self.document["frames"].append(
            {
                "index": len(self.document["frames"]),
                "held": any_variant.held,
                "driving": _sigma(any_variant.driving_spread),
                "scale": [round(value, 6) for value in any_variant.scale],
                "variants": {name: _sigma(frame.spread) for name, frame in variants.items()},
                "ms": round(any_variant.ms, 3),
            }
        )

    @property
    def held(self) -> int:
        """Number of frames without a face."""
        return sum(frame["held"] for frame in self.document["frames"])

    def text(self) -> str:
        """Return the document as JSON."""
        return json.dumps(self.document, indent=1) + "\n"


def _sigma(spread: tuple[float, float] | None) -> dict[str, float]:
    if spread is None:
        raise ValueError("the frame has no measured face sizes; animate with measure=True")
    return {"sigma_x": round(spread[0], 6), "sigma_y": round(spread[1], 6)}
