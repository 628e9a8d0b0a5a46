"""``OSTNet.compose`` as an OpenVINO graph, for one size of the result. Built without torch."""

import numpy as np

from ostnet.openvino_runtime import openvino_runtime

Shape = tuple[int, ...]


def enlargement(
    painted: Shape, flow: Shape, mix: Shape | None, picture: Shape, size: tuple[int, int]
):
    """A graph that makes the result at a size, out of these inputs' shapes.

    Args:
        painted: (1, 3, R, R), what the generator painted.
        flow: (1, h, w, 2).
        mix: (1, 1, R, R), share of the warped source; None: nothing of it, nor of the motion.
        picture: (1, 3, S, S), the source, or (1, 3, S + 2 m, S + 2 m), a canvas around it.
        size: S, S.

    Returns:
        An ``openvino.Model`` with those inputs that are not None, in order, and the result
        (1, 3, S, S) in [0, 1].
    """
    openvino = openvino_runtime()
    ov = openvino.opset13

    height, width = size

    def resized(maps, order=(0, 1, 2, 3)):
        maps = maps if order == (0, 1, 2, 3) else ov.transpose(maps, list(order))
        return ov.interpolate(
            maps, [height, width], "linear_onnx", "sizes", [0], [0], "align_corners", axes=[2, 3]
        )

    within = [(side - 1) / (whole - 1) for side, whole in zip(size, picture[-2:], strict=True)]
    shapes = (painted, flow, mix, picture)
    ports = [None if shape is None else ov.parameter(list(shape), np.float32) for shape in shapes]
    given = [port for port in ports if port is not None]
    painted, flow, mix, picture = ports
    if mix is None:
        return openvino.Model([resized(painted)], given, "enlarge")
    grid = ov.transpose(resized(flow, (0, 3, 1, 2)), [0, 2, 3, 1])  # (1, S, S, 2)
    if within != [1, 1]:  # as ostnet.model.layers.onto_canvas
        grid = ov.multiply(grid, np.array(within[::-1], np.float32))
    how = {"align_corners": True, "mode": "bilinear", "padding_mode": "border"}
    warped = ov.grid_sample(picture, grid, how)
    painted = resized(painted)
    result = ov.add(painted, ov.multiply(resized(mix), ov.subtract(warped, painted)))
    return openvino.Model([result], given, "enlarge")
