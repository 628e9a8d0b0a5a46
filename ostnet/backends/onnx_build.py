"""A model as a folder of ONNX graphs, and ONNX Runtime to try them with."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from ostnet.backends.graphs import cut
from ostnet.backends.manifest import Manifest
from ostnet.backends.writing import describe, describe_graph
from ostnet.model.ostnet import OSTNet

OPSET = 18
"""16 to 19 are those in which browsers' WebGPU samples pictures (GridSample, 4-D)."""


@torch.inference_mode(False)  # which tracing cannot stand
@torch.no_grad()
def build(model: OSTNet, folder: Path) -> Manifest:
    """Write the graphs of a model on the CPU, NAME.onnx, and the manifest.

    Args:
        model: in evaluation mode.
        folder: exists and is empty.
    """
    import onnx
    import onnxscript

    written = {}
    for name, graph in cut(model).items():
        with _quietly():
            torch.onnx.export(
                graph.module,
                graph.example,
                str(folder / f"{name}.onnx"),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                external_data=False,
                verbose=False,
            )
        written[name] = describe_graph(graph, folder, (f"{name}.onnx",))
    versions = {"onnx": onnx.__version__, "onnxscript": onnxscript.__version__}
    manifest = describe(model, "onnx", written, versions, OPSET)
    manifest.write(folder)
    return manifest


class Graphs:
    """Graphs of one folder in ONNX Runtime on the CPU; each call is one picture."""

    def __init__(self, folder: Path, manifest: Manifest):
        import onnxruntime

        self._sessions = {
            name: onnxruntime.InferenceSession(
                str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"]
            )
            for name in manifest.graphs
        }

    def __call__(self, name: str, inputs: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Run one graph: float32 arrays in, in the manifest's order, and out."""
        session = self._sessions[name]
        names = [port.name for port in session.get_inputs()]
        return session.run(None, dict(zip(names, inputs, strict=True)))


@contextlib.contextmanager
def _quietly():
    """Without the exporter's talk of operators from packages that are not installed."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
