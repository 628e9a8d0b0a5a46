"""BlazeFace as an ONNX graph of the page.

OpenVINO reads MediaPipe's file; its dozen kinds of operators are translated to ONNX. Weights stay
in half precision.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ostnet.backends.export import OPSET
from ostnet.media.blazeface_networks import FULL_RANGE, WEIGHTS
from ostnet.openvino_runtime import openvino_runtime

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

RENAMED = {"Convolution": "Conv", "GroupConvolution": "Conv", "Convert": "Cast",
           "Interpolate": "Resize"}  # fmt: skip
"""Operators with another name in ONNX."""


def write_face_graph(path: Path) -> None:
    """Write the full-range network.

    It maps ``image`` (1, 192, 192, 3) in [-1, 1] to ``points`` (1, 2304, 16) and ``scores``
    (1, 2304, 1) before the sigmoid, as in :mod:`ostnet.media.blazeface_networks`.
    """
    import onnx
    from onnx import TensorProto, helper

    network = openvino_runtime().Core().read_model(WEIGHTS / FULL_RANGE.file)
    side = FULL_RANGE.side
    nodes, constants, outputs = [], [], []
    for operator in network.get_ordered_ops():
        kind = operator.get_type_name()
        name = operator.get_friendly_name()
        if kind == "Constant":
            constants.append(_constant(name, operator.data))
        elif kind == "Result":
            shape = list(operator.get_output_shape(0))
            output = "scores" if shape[-1] == 1 else "points"
            nodes.append(helper.make_node("Identity", [_inputs(operator)[0]], [output]))
            outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, shape))
        elif kind == "Parameter":
            nodes.append(helper.make_node("Identity", ["image"], [name]))
        else:
            made, more = _translated(operator, name)
            nodes += made
            constants += more
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, side, side, 3])
    graph = helper.make_graph(nodes, "face", [image], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _translated(operator, name: str) -> tuple[list["NodeProto"], list["TensorProto"]]:
    """Translate an operator of OpenVINO to nodes and constants of ONNX."""
    from onnx import TensorProto, helper

    kind, inputs, attributes = operator.get_type_name(), _inputs(operator), {}
    settings = operator.get_attributes()
    before, constants = [], []
    if kind == "Convert":
        attributes["to"] = TensorProto.FLOAT
    elif kind == "Transpose":
        attributes["perm"] = _values(operator, 1)
        inputs = inputs[:1]
    elif kind in ("Convolution", "GroupConvolution", "MaxPool"):
        attributes = {"strides": list(settings["strides"]), **_padding(settings)}
        if kind == "MaxPool":
            attributes["kernel_shape"] = list(settings["kernel"])
        if kind == "GroupConvolution":  # weights (groups, O, I, h, w), here (groups O, I, h, w)
            groups, out, *rest = operator.input_value(1).get_shape()
            attributes["group"] = groups
            constants.append(_constant(f"{name}.shape", np.array([groups * out, *rest])))
            flat = [inputs[1], f"{name}.shape"], [f"{name}.weights"]
            before.append(helper.make_node("Reshape", *flat))
            inputs = [inputs[0], f"{name}.weights"]
    elif kind == "Pad":
        pads = np.array([*_values(operator, 1), *_values(operator, 2)])
        constants.append(_constant(f"{name}.pads", pads))
        inputs = [inputs[0], f"{name}.pads"]
    elif kind == "Interpolate":
        constants.append(_constant(f"{name}.sizes", np.array(operator.get_output_shape(0))))
        inputs = [inputs[0], "", "", f"{name}.sizes"]
        reads = settings["coordinate_transformation_mode"]
        attributes = {"mode": "linear", "coordinate_transformation_mode": reads}
    elif kind == "DepthToSpace":
        attributes = {"blocksize": settings["block_size"], "mode": "DCR"}
    elif kind == "Concat":
        attributes = {"axis": settings["axis"]}
    node = helper.make_node(RENAMED.get(kind, kind), inputs, [name], **attributes)
    return [*before, node], constants


def _inputs(operator) -> list[str]:
    return [
        operator.input_value(index).get_node().get_friendly_name()
        for index in range(operator.get_input_size())
    ]


def _values(operator, index: int) -> list[int]:
    """Return the values of a constant input."""
    return operator.input_value(index).get_node().data.reshape(-1).tolist()


def _padding(settings: dict) -> dict:
    if settings["auto_pad"] == "same_upper":
        return {"auto_pad": "SAME_UPPER"}
    return {"pads": [*settings["pads_begin"], *settings["pads_end"]]}


def _constant(name: str, values: np.ndarray) -> "TensorProto":
    from onnx import numpy_helper

    kind = np.int64 if values.dtype.kind == "i" else values.dtype
    return numpy_helper.from_array(np.array(values, kind), name)
