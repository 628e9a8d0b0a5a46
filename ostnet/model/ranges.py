"""``ranges.json`` beside the weights: between which values the inputs of convolutions lie.

Eight bits of such an input say something only where it is known which values it takes. They are
seen on faces, once (``ostnet calibrate``), and kept with the weights.
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
    """Of one network."""

    weights: str
    """SHA-256 of configuration and weights (:func:`ostnet.backends.digest.model_digest`)."""
    seen: str
    """On what, for reading."""
    inputs: dict[str, tuple[list[float], list[float]]]
    """Name of a convolution in the network -> the least and the greatest value of each channel."""

    @property
    def digest(self) -> str:
        """A hash of all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> Path:
        """Write the file; its path."""
        text = json.dumps(asdict(self)) + "\n"
        (folder / NAME).write_text(text, encoding="utf-8")
        return folder / NAME

    @classmethod
    def beside(cls, folder: Path) -> "Ranges | None":
        """Those of a checkpoint; None where it has none.

        Raises:
            InputError: the file is no such.
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
        raise ValueError("found a range that does not go from one number up to another")
    return low, high
