"""The manifest of graphs that are being written."""

import platform
from pathlib import Path

import torch

import ostnet
from ostnet.backends.digest import model_digest
from ostnet.backends.graphs import Graph
from ostnet.backends.manifest import GraphFile, Manifest, file_digest
from ostnet.model.ostnet import OSTNet

RESULT = "image"
"""The output of graph ``paint`` that is the result."""


def describe_graph(graph: Graph, folder: Path, names: tuple[str, ...]) -> GraphFile:
    """A graph whose files ``names`` lie in the folder."""
    shapes = {name: list(tensor.shape) for name, tensor in graph.inputs.items()}
    files = {name: file_digest(folder / name) for name in names}
    return GraphFile(shapes, list(graph.outputs), files)


def describe(
    model: OSTNet,
    written_as: str,
    graphs: dict[str, GraphFile],
    versions: dict[str, str],
    opset: int | None = None,
) -> Manifest:
    """The manifest of a model's graphs; ``versions`` of what the format needs."""
    return Manifest(
        format=written_as,
        weights=model_digest(model),
        config=model.config.to_dict(),
        versions={
            "ostnet": ostnet.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            **versions,
        },
        opset=opset,
        graphs=graphs,
        result=RESULT,
        constants={"base": model.scale.base.tolist(), "affine": model.scale.affine.tolist()},
    )
