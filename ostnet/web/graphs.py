"""The graphs of the page: ONNX graphs at a third of their size.

Large weights are stored in half precision, as on disk, and become float32 when the graph is loaded.
Coordinates and grids stay float32. The spline's matrix (3 MB) is computed from 12 points when the
graph is loaded, with an error of 5e-6: runtimes for WebGPU have few operators in float64.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ostnet.backends.export import build_onnx
from ostnet.backends.graphed import Graphed
from ostnet.backends.graphs import cut
from ostnet.backends.manifest import Manifest, file_digest
from ostnet.backends.openvino import Graphs
from ostnet.backends.tolerances import differences
from ostnet.landmarks import KEYPOINT_PARTS, KEYPOINTS, REGION_PARTS, keypoint_openings
from ostnet.model.ostnet import OSTNet
from ostnet.model.scale import FIDUCIALS, tps_matrix

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

HALVED = ("Conv", "Gemm")
"""Operators whose weights are stored in half precision."""
LEAST_HALVED = 256
"""Largest number of weights that stay float32."""


def build_page_graphs(model: OSTNet, folder: Path) -> Manifest:
    """Write the graphs of the page, NAME.onnx, and a manifest with their measured differences.

    Args:
        model: on the CPU, in evaluation mode.
        folder: exists and is empty.
    """
    import onnx

    plain, modules = build_onnx(model, folder), cut(model)
    graphs = {}
    for name, graph in plain.graphs.items():
        file = folder / f"{name}.onnx"
        written = onnx.load(file)
        _join_constants(written)
        _halve(written, modules[name].module.state_dict())
        _pad_channels(written)
        if name == "rectify":
            _compute_spline(written, model.config.resolution)
        del written.graph.value_info[:]  # outdated shapes
        onnx.checker.check_model(written)
        onnx.save(written, file)
        graphs[name] = replace(graph, files={file.name: file_digest(file)})
    constants = plain.constants | keypoint_constants(model.config.keypoints)
    manifest = replace(plain, format="web", graphs=graphs, constants=constants)
    found = differences(Graphed("web", manifest, Graphs(folder, manifest)), model)
    manifest = replace(manifest, differences=found.to_dict())
    manifest.write(folder)
    return manifest


def keypoint_constants(count: int) -> dict[str, list]:
    """Return the keypoints that head pose and strengths treat apart, of a network with ``count``.

    ``openings``; and ``parts`` of the face, none where keypoints are missing, and ``regions``: name
    and parts that move.
    """
    return {
        "openings": keypoint_openings(count),
        "parts": list(KEYPOINT_PARTS) if count >= len(KEYPOINTS) else [],
        "regions": list(REGION_PARTS.items()),
    }


def _join_constants(model: "ModelProto") -> None:
    """Replace concatenations of constants, such as the kernels of two heads, by their result."""
    from onnx import numpy_helper

    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "Concat"]:
        if any(name not in constants for name in node.input):
            continue
        parts = [numpy_helper.to_array(constants[name]) for name in node.input]
        joined = np.concatenate(parts, axis=node.attribute[0].i)
        graph.initializer.append(numpy_helper.from_array(joined, node.output[0]))
        graph.node.remove(node)
    read = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in read]:
        graph.initializer.remove(tensor)


def _halve(model: "ModelProto", weights: dict[str, torch.Tensor]) -> None:
    """Store the large weights in half precision, as on disk.

    The exporter has multiplied each channel of a convolution by the gain of the norm behind it; the
    gain becomes a float32 factor, so that there is no further rounding.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    read = {name for node in graph.node if node.op_type in HALVED for name in node.input[1:2]}
    nodes, gains = [], []
    for tensor in graph.initializer:
        name = tensor.name
        if name not in read or name not in weights or np.prod(tensor.dims) <= LEAST_HALVED:
            continue
        original = weights[name].double().numpy()
        gain = _gain(numpy_helper.to_array(tensor).astype(float), original)
        if gain is None:
            continue
        gains.append(numpy_helper.from_array(gain.astype(np.float32), f"{name}.gain"))
        tensor.CopyFrom(numpy_helper.from_array(original.astype(np.float16), f"{name}.half"))
        nodes += [
            helper.make_node("Cast", [f"{name}.half"], [f"{name}.whole"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.whole", f"{name}.gain"], [name]),
        ]
    graph.initializer.extend(gains)
    _put_in_front(model, nodes)


def _gain(values: np.ndarray, original: np.ndarray) -> np.ndarray | None:
    """Return the factor (O, 1, ...) between weights and original ones; None if there is none."""
    inner = tuple(range(1, values.ndim))
    if values.shape != original.shape:
        return None
    energy = np.square(original).sum(inner, keepdims=True)
    gain = (values * original).sum(inner, keepdims=True) / np.maximum(energy, 1e-30)
    wrong = np.abs(values - gain * original).max()
    return gain if wrong <= 1e-6 * np.abs(values).max() else None


def _pad_channels(model: "ModelProto") -> None:
    """Pad the input channels of every convolution with zeros to a multiple of four.

    With other numbers onnxruntime-web 1.30 is slow on WebGPU and sometimes wrong.
    """
    from onnx import helper, numpy_helper

    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes, added = [], []
    for node in model.graph.node:
        weight = constants.get(node.input[1]) if node.op_type == "Conv" else None
        if node.op_type == "Conv" and weight is None:
            weight = constants[f"{node.input[1]}.half"]
        if weight is not None and (missing := -weight.dims[1] % 4):
            padded = np.pad(numpy_helper.to_array(weight), [(0, 0), (0, missing), (0, 0), (0, 0)])
            weight.CopyFrom(numpy_helper.from_array(padded, weight.name))
            wide, sizes = f"{node.output[0]}.wide", f"{node.output[0]}.pads"
            added.append(numpy_helper.from_array(np.array([0, 0, 0, 0, 0, missing, 0, 0]), sizes))
            nodes.append(helper.make_node("Pad", [node.input[0], sizes], [wide]))
            node.input[0] = wide
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(added)


def _compute_spline(model: "ModelProto", side: int) -> None:
    """Replace the constants ``tps_matrix`` and identity grid by their computation."""
    from onnx import numpy_helper

    graph = model.graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes, constants, replaced = [], [], set()
    for name, values in arrays.items():
        if values.shape == (side * side, len(FIDUCIALS)):
            made = _spline_nodes(name, side)
        elif values.shape == (side, side) and (values == values[:1]).all():
            made = _expanded(name, values[:1], side)
        elif values.shape == (side, side) and (values == values[:, :1]).all():
            made = _expanded(name, values[:, :1], side)
        else:
            continue
        nodes += made[0]
        constants += made[1]
        replaced.add(name)
    kept = [tensor for tensor in graph.initializer if tensor.name not in replaced]
    del graph.initializer[:]
    graph.initializer.extend([*kept, *constants])
    _put_in_front(model, nodes)


def _expanded(name: str, line: np.ndarray, side: int) -> tuple[list, list["TensorProto"]]:
    """Return nodes and constants that repeat a row or a column to (side, side)."""
    from onnx import helper, numpy_helper

    constants = [
        numpy_helper.from_array(line, f"{name}.line"),
        numpy_helper.from_array(np.array([side, side]), f"{name}.shape"),
    ]
    return [helper.make_node("Expand", [f"{name}.line", f"{name}.shape"], [name])], constants


def _spline_nodes(name: str, side: int) -> tuple[list["NodeProto"], list["TensorProto"]]:
    """Return nodes and constants that compute ``tps_matrix(side, side)``.

    It is the radial values of every pixel times a matrix (15, 12) with three affine rows.
    """
    from onnx import helper, numpy_helper

    line = np.linspace(-1, 1, side)
    points = FIDUCIALS.numpy()
    across = np.square(line[None, :, None] - points[:, 0])  # (1, side, 12)
    down = np.square(line[:, None, None] - points[:, 1])  # (side, 1, 12)
    solved = _solved(tps_matrix(9, 9).numpy())  # (15, 12)
    radial, affine = solved[:12], solved[12:]
    parts = {
        "across": across,
        "down": down,
        "least": np.array(1e-30),
        "radial": radial,
        "ramp_x": line[None, :, None] * affine[1] + affine[0],
        "ramp_y": line[:, None, None] * affine[2],
    }
    constants = [
        numpy_helper.from_array(np.asarray(value, np.float32), f"{name}.{part}")
        for part, value in parts.items()
    ]
    shape = np.array([side * side, len(points)])
    constants.append(numpy_helper.from_array(shape, f"{name}.shape"))

    def node(operator: str, inputs: str, output: str) -> "NodeProto":
        return helper.make_node(operator, [f"{name}.{part}" for part in inputs.split()], [output])

    nodes = [
        node("Add", "across down", f"{name}.squared"),  # (side, side, 12)
        node("Max", "squared least", f"{name}.positive"),
        node("Log", "positive", f"{name}.log"),
        node("Mul", "squared log", f"{name}.values"),  # r^2 ln r^2
        node("MatMul", "values radial", f"{name}.bent"),
        node("Add", "ramp_x ramp_y", f"{name}.ramp"),
        node("Add", "bent ramp", f"{name}.whole"),
        node("Reshape", "whole shape", name),
    ]
    return nodes, constants


def _solved(matrix: np.ndarray) -> np.ndarray:
    """Return the matrix (15, 12) whose product with the pixels' basis is this one."""
    side = int(len(matrix) ** 0.5)
    line = np.linspace(-1, 1, side)
    x, y = (one.reshape(-1) for one in np.meshgrid(line, line, indexing="xy"))
    points = FIDUCIALS.numpy()
    squared = np.square(x[:, None] - points[:, 0]) + np.square(y[:, None] - points[:, 1])
    radial = squared * np.log(np.maximum(squared, 1e-300))
    basis = np.column_stack([radial, np.ones(len(x)), x, y])  # (side^2, 15)
    return np.linalg.lstsq(basis, matrix, rcond=None)[0]


def _put_in_front(model: "ModelProto", nodes: list["NodeProto"]) -> None:
    """Insert nodes at the start of the graph."""
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])
