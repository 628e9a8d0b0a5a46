"""Writing a model's graphs as a folder of ONNX or OpenVINO files."""

import contextlib
import copy
import io
import logging
import platform
import warnings
from dataclasses import replace
from pathlib import Path

import torch

import ostnet
from ostnet.backends.digest import model_digest
from ostnet.backends.graphed import Graphed
from ostnet.backends.graphs import Graph, cut
from ostnet.backends.manifest import GraphFile, Manifest, file_digest
from ostnet.backends.openvino import Graphs
from ostnet.backends.reduced_precision import with_bfloat16_motion, with_int8
from ostnet.backends.tolerances import differences
from ostnet.files import new_folder
from ostnet.model.layers import fuse_upsampling
from ostnet.model.ostnet import OSTNet
from ostnet.openvino_runtime import openvino_runtime

OPSET = 18
"""With 16 to 19, browsers' WebGPU can sample pictures (GridSample, 4-D)."""


def export(model: OSTNet, written_as: str, folder: Path) -> Manifest:
    """Write the graphs of a model and a manifest with their measured differences.

    Args:
        model: on the CPU, in evaluation mode.
        written_as: ``onnx`` or ``openvino``.
        folder: new or empty; written at once or not at all.

    Raises:
        InputError: the folder is not empty.
        ModuleNotFoundError: what the format needs is not installed.
    """
    with new_folder(folder) as stage:
        build = build_onnx if written_as == "onnx" else build_openvino
        manifest = build(model, stage)
        found = differences(Graphed(written_as, manifest, Graphs(stage, manifest)), model)
        manifest = replace(manifest, differences=found.to_dict())
        manifest.write(stage)
    return manifest


@torch.inference_mode(False)  # tracing does not work in inference mode
@torch.no_grad()
def build_openvino(model: OSTNet, folder: Path, precision: str = "f32") -> Manifest:
    """Write the graphs of a model on the CPU, NAME.xml and NAME.bin, and the manifest.

    Args:
        model: in evaluation mode.
        folder: exists and is empty.
        precision: ``f32``, or that of a part: ``bf16`` for the generator and the convolutions of
            dense motion, ``int8`` as in :mod:`ostnet.backends.reduced_precision`.

    Raises:
        ValueError: int8 without the model's own ranges.
    """
    openvino = openvino_runtime()

    model = copy.deepcopy(model)  # eager torch is slower with all up-blocks fused
    fuse_upsampling(model)
    graphs, written = cut(model), {}
    if precision == "bf16":
        graphs["move"] = cut(with_bfloat16_motion(model))["move"]
    if precision == "int8":
        rounded = cut(with_int8(model))
        graphs |= {name: rounded[name] for name in ("move", "paint")}
    for name, graph in graphs.items():
        openvino.save_model(_converted(graph), folder / f"{name}.xml", compress_to_fp16=False)
        written[name] = _graph_file(graph, folder, f"{name}.xml", f"{name}.bin")
    if precision == "bf16":
        written["paint"] = replace(written["paint"], precision=precision)
    return _write_manifest(model, folder, "openvino", written, {"openvino": openvino.__version__})


def _converted(graph: Graph):
    """Return the graph as an ``openvino.Model`` of fixed shapes and named inputs and outputs."""
    openvino = openvino_runtime()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they report shapes that become constants, as intended
        traced = torch.jit.trace(graph.module, graph.example, check_trace=False)
    shapes = [tuple(tensor.shape) for tensor in graph.example]
    converted = openvino.convert_model(traced, example_input=graph.example, input=shapes)
    for ports, names in ((converted.inputs, graph.inputs), (converted.outputs, graph.outputs)):
        for port, name in zip(ports, names, strict=True):
            port.get_tensor().set_names({name})
    return converted


@torch.inference_mode(False)  # tracing does not work in inference mode
@torch.no_grad()
def build_onnx(model: OSTNet, folder: Path) -> Manifest:
    """Write the graphs of a model on the CPU, NAME.onnx, and the manifest.

    Args:
        model: in evaluation mode.
        folder: exists and is empty.
    """
    import onnx
    import onnxscript

    written = {}
    for name, graph in cut(model).items():
        with _quiet_exporter():
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
        written[name] = _graph_file(graph, folder, f"{name}.onnx")
    versions = {"onnx": onnx.__version__, "onnxscript": onnxscript.__version__}
    return _write_manifest(model, folder, "onnx", written, versions, OPSET)


@contextlib.contextmanager
def _quiet_exporter():
    """Silence the exporter's messages about packages that are not installed."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)


def _graph_file(graph: Graph, folder: Path, *names: str) -> GraphFile:
    """Describe a graph whose files are written."""
    shapes = {name: list(tensor.shape) for name, tensor in graph.inputs.items()}
    files = {name: file_digest(folder / name) for name in names}
    return GraphFile(shapes, list(graph.outputs), files)


def _write_manifest(
    model: OSTNet,
    folder: Path,
    written_as: str,
    graphs: dict[str, GraphFile],
    versions: dict[str, str],
    opset: int | None = None,
) -> Manifest:
    """Write and return the manifest of a model's graphs."""
    manifest = Manifest(
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
        result="image",
        constants={"base": model.scale.base.tolist(), "affine": model.scale.affine.tolist()},
    )
    manifest.write(folder)
    return manifest
