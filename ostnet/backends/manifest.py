"""``manifest.json`` of a folder of graphs; it is read without torch."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

NAME = "manifest.json"


@dataclass(frozen=True)
class GraphFile:
    """One graph on disk."""

    inputs: dict[str, list[int]]
    """Name -> shape, in order; all float32, pictures in [0, 1], coordinates in [-1, 1]."""
    outputs: list[str]
    """Names, in order."""
    files: dict[str, str]
    """File name -> SHA-256 of its content."""
    precision: str = "f32"
    """Precision of its computation: ``f32`` or ``bf16``."""


@dataclass(frozen=True)
class Manifest:
    """A folder of graphs."""

    format: str
    """``openvino``, ``onnx`` or ``web``."""
    weights: str
    """SHA-256 of configuration and weights (:func:`ostnet.backends.digest.model_digest`)."""
    config: dict
    """The model's configuration."""
    versions: dict[str, str]
    """Software that made the graphs."""
    opset: int | None
    """Opset of ONNX; None for OpenVINO."""
    graphs: dict[str, GraphFile]
    """In the order in which a frame calls them (:func:`ostnet.backends.graphs.cut`)."""
    result: str
    """The output of graph ``paint`` that is the result."""
    constants: dict[str, list] = field(default_factory=dict)
    """Constants of the scale transformation (:class:`ostnet.backends.graphed.Fiducials`); in a
    page also :func:`ostnet.web.graphs.keypoint_constants`."""
    differences: dict[str, float] | None = None
    """Measured against eager float32 (:class:`ostnet.backends.tolerances.Differences`)."""

    def write(self, folder: Path) -> None:
        """Write the file."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        (folder / NAME).write_text(text, encoding="utf-8")

    @staticmethod
    def weights_of(folder: Path) -> str:
        """Return the field ``weights`` of a folder's manifest. Raises ValueError without one."""
        try:
            return json.loads((folder / NAME).read_text(encoding="utf-8"))["weights"]
        except (OSError, KeyError, TypeError) as error:
            raise ValueError(f"{folder}: no manifest ({error})") from error

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read a folder's manifest and check the hashes of its files.

        Raises:
            ValueError: a file is missing or changed, or the manifest is broken.
        """
        try:
            values = json.loads((folder / NAME).read_text(encoding="utf-8"))
            known = {each.name for each in fields(cls)}
            values["graphs"] = {k: GraphFile(**v) for k, v in values["graphs"].items()}
            found = cls(**{name: values[name] for name in known})
            for graph in found.graphs.values():
                for name, expected in graph.files.items():
                    if file_digest(folder / name) != expected:
                        raise ValueError(f"{name} was changed")
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{folder}: no usable graphs ({error})") from error
        return found


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
