"""Running a folder of graphs in OpenVINO, which is fastest on CPUs; without torch."""

import platform
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ostnet.backends.manifest import Manifest
from ostnet.openvino_runtime import openvino_runtime

Shape = tuple[int, ...]

ENLARGED = 8
"""Sizes of results whose graphs are kept: the faces of one portrait may differ in size."""


class Graphs:
    """Compiled graphs of one folder; each call is one picture, from any thread.

    Args:
        folder: written by ``ostnet export``, in any format.
        manifest: of that folder.
        threads: number of threads of each call; None: all cores.
        kept: folder where compiled graphs are cached, which halves the loading time.

    Raises:
        RuntimeError: OpenVINO cannot read or compile them.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, threads: int | None = None, kept: Path | None = None
    ):
        self._threads = threads
        self._graphs = {
            name: _Graph(folder / next(iter(graph.files)), threads, graph.precision, kept)
            for name, graph in manifest.graphs.items()
        }
        self._enlarging: dict[tuple, _Graph] = {}

    def __call__(self, name: str, inputs: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Run one graph on float32 arrays in the manifest's order; return its outputs."""
        return self._graphs[name](inputs)

    def enlarge(
        self,
        painted: np.ndarray,
        flow: np.ndarray,
        mix: np.ndarray | None,
        picture: np.ndarray,
        size: tuple[int, int],
    ) -> np.ndarray:
        """Compute :func:`enlargement`, which is compiled at first use."""
        inputs = painted, flow, mix, picture
        mixed = None if mix is None else mix.shape
        shapes = (painted.shape, flow.shape, mixed, picture.shape, size)
        graph = self._enlarging.get(shapes)
        if graph is None:
            if len(self._enlarging) >= ENLARGED:
                self._enlarging.clear()
            graph = self._enlarging[shapes] = _Graph(enlargement(*shapes), self._threads)
        return graph(array for array in inputs if array is not None)[0]


class _Graph:
    """One compiled graph, with an inference request for each concurrent caller."""

    def __init__(
        self, graph, threads: int | None, precision: str = "f32", kept: Path | None = None
    ):
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": precision,
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        keeping = {"CACHE_DIR": str(kept)} if kept else {}
        try:
            self._compiled = _core().compile_model(graph, "CPU", settings | keeping)
        except RuntimeError:  # such as a cache folder that is not writable
            self._compiled = _core().compile_model(graph, "CPU", settings)
        self._idle: deque = deque()

    def __call__(self, inputs: Iterable[np.ndarray]) -> list[np.ndarray]:
        arrays = [np.ascontiguousarray(array) for array in inputs]
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        outputs = request.infer(dict(enumerate(arrays)), share_inputs=True)
        self._idle.append(request)
        return list(outputs.values())


def enlargement(
    painted: Shape, flow: Shape, mix: Shape | None, picture: Shape, size: tuple[int, int]
):
    """Build the graph of ``OSTNet.compose`` for these shapes of its inputs.

    Args:
        painted: (1, 3, R, R), the generator's picture.
        flow: (1, h, w, 2).
        mix: (1, 1, R, R), share of the warped source; None: only ``painted`` is used.
        picture: (1, 3, S, S), the source, or (1, 3, S + 2 m, S + 2 m), a canvas around it.
        size: (S, S) of the result.

    Returns:
        An ``openvino.Model`` with the inputs that are not None, in order, and the result
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
    painting, flowing, mixing, source = ports
    if mixing is None:
        return openvino.Model([resized(painting)], given, "enlarge")
    grid = ov.transpose(resized(flowing, (0, 3, 1, 2)), [0, 2, 3, 1])  # (1, S, S, 2)
    if within != [1, 1]:  # as ostnet.model.layers.onto_canvas
        grid = ov.multiply(grid, np.array(within[::-1], np.float32))
    how = {"align_corners": True, "mode": "bilinear", "padding_mode": "border"}
    warped, enlarged = ov.grid_sample(source, grid, how), resized(painting)
    result = ov.add(enlarged, ov.multiply(resized(mixing), ov.subtract(warped, enlarged)))
    return openvino.Model([result], given, "enlarge")


def has_bfloat16() -> bool:
    """Return whether this CPU computes bfloat16 natively (AVX-512 BF16, AMX)."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def has_int8() -> bool:
    """Return whether 8 bits are faster than float32 on this CPU: on any x86."""
    return platform.machine().lower() in ("x86_64", "amd64")


def cpu_and_version() -> str:
    """Return the name of this CPU and OpenVINO's version."""
    openvino = openvino_runtime()

    return f"{_core().get_property('CPU', 'FULL_DEVICE_NAME')} {openvino.__version__}"


def _core():
    return openvino_runtime().Core()
