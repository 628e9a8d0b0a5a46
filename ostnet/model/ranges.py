"""``ranges.json`` beside the weights: the ranges of the inputs of convolutions.

8-bit inference needs them. ``ostnet calibrate`` measures them on faces after each change of the
weights.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ostnet.errors import InputError

NAME = "ranges.json"


@dataclass(frozen=True)
class Ranges:
    """Calibrated ranges of one network."""

    weights: str
    """SHA-256 of configuration and weights (:func:`ostnet.backends.digest.model_digest`)."""
    seen: str  # description of the calibration data
    inputs: dict[str, tuple[list[float], list[float]]]
    """Name of a convolution -> the smallest and the largest value of each input channel."""

    @property
    def digest(self) -> str:
        """Return a hash of all fields."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> Path:
        """Write the file; return its path."""
        text = json.dumps(asdict(self)) + "\n"
        (folder / NAME).write_text(text, encoding="utf-8")
        return folder / NAME

    @classmethod
    def beside(cls, folder: Path) -> "Ranges | None":
        """Return the ranges of a checkpoint; None if it has none.

        Raises:
            InputError: the file holds no valid ranges.
        """
        if not (folder / NAME).is_file():
            return None
        try:
            values = json.loads((folder / NAME).read_text(encoding="utf-8"))
            found = cls(**{field.name: values[field.name] for field in fields(cls)})
            inputs = {name: _checked(*pair) for name, pair in found.inputs.items()}
        except (OSError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise InputError(
                f"{folder / NAME}: not a readable file of ranges ({error}); remove it, and make "
                "another with ostnet calibrate"
            ) from error
        return cls(str(found.weights), str(found.seen), inputs)


def _checked(low: list, high: list) -> tuple[list[float], list[float]]:
    low, high = ([float(value) for value in values] for values in (low, high))
    if not low or len(low) != len(high):
        raise ValueError(f"found {len(low)} least and {len(high)} greatest values")
    if not all(math.isfinite(a) and a <= b < math.inf for a, b in zip(low, high, strict=True)):
        raise ValueError("found a range whose ends are not finite or not in order")
    return low, high
