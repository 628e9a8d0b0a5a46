"""A model as a folder of OpenVINO graphs."""

import warnings
from dataclasses import replace
from pathlib import Path

import torch

from ostnet.backends.bfloat16 import with_reduced_motion
from ostnet.backends.graphs import Graph, cut
from ostnet.backends.int8 import with_int8
from ostnet.backends.manifest import Manifest
from ostnet.backends.writing import describe, describe_graph
from ostnet.model.layers import fuse_upsampling
from ostnet.model.ostnet import OSTNet
from ostnet.openvino_runtime import openvino_runtime


@torch.inference_mode(False)  # which tracing cannot stand
@torch.no_grad()
def build(model: OSTNet, folder: Path, precision: str = "f32") -> Manifest:
    """Write the graphs of a model on the CPU, NAME.xml and NAME.bin, and the manifest.

    Args:
        model: in evaluation mode.
        folder: exists and is empty.
        precision: ``f32``; or of what may be computed in ``bf16`` (the generator and the
            convolutions of dense motion) or ``int8`` (:mod:`ostnet.backends.int8`), all else being
            f32.

    Raises:
        ValueError: int8 without the model's own ranges.
    """
    openvino = openvino_runtime()

    fuse_upsampling(model)
    graphs, written = cut(model), {}
    if precision == "bf16":
        graphs["move"] = cut(with_reduced_motion(model))["move"]
    if precision == "int8":
        rounded = cut(with_int8(model))
        graphs |= {name: rounded[name] for name in ("move", "paint")}
    for name, graph in graphs.items():
        openvino.save_model(_converted(graph), folder / f"{name}.xml", compress_to_fp16=False)
        written[name] = describe_graph(graph, folder, (f"{name}.xml", f"{name}.bin"))
    if precision == "bf16":
        written["paint"] = replace(written["paint"], precision=precision)
    manifest = describe(model, "openvino", written, {"openvino": openvino.__version__})
    manifest.write(folder)
    return manifest


def _converted(graph: Graph):
    """The graph as an ``openvino.Model`` of fixed shapes and named inputs and outputs."""
    openvino = openvino_runtime()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shapes become constants, which is what is wanted
        traced = torch.jit.trace(graph.module, graph.example, check_trace=False)
    shapes = [tuple(tensor.shape) for tensor in graph.example]
    made = openvino.convert_model(traced, example_input=graph.example, input=shapes)
    for ports, names in ((made.inputs, graph.inputs), (made.outputs, graph.outputs)):
        for port, name in zip(ports, names, strict=True):
            port.get_tensor().set_names({name})
    return made
