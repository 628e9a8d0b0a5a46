"""OpenVINO: the fastest on CPUs, x86 and Arm. Runs a folder of graphs; no torch in here."""

import platform
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ostnet.backends.manifest import Manifest
from ostnet.openvino_runtime import openvino_runtime


class Graphs:
    """Compiled graphs of one folder; each call is one picture. For any number of threads.

    Args:
        folder: what ``ostnet export --format openvino`` wrote.
        manifest: of that folder.
        threads: how many each call may use; None: all cores.
        kept: folder for what compiling makes of them, which takes half the time afterwards.

    Raises:
        RuntimeError: OpenVINO cannot read or compile them.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, threads: int | None = None, kept: Path | None = None
    ):
        self._threads = threads
        self._graphs = {
            name: _Graph(folder / f"{name}.xml", threads, graph.precision, kept)
            for name, graph in manifest.graphs.items()
        }
        self._enlarging: dict[tuple, _Graph] = {}

    def __call__(self, name: str, inputs: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Run one graph: float32 arrays in, in the manifest's order, and out."""
        return self._graphs[name](inputs)

    def enlarge(
        self,
        painted: np.ndarray,
        flow: np.ndarray,
        mix: np.ndarray | None,
        picture: np.ndarray,
        size: tuple[int, int],
    ) -> np.ndarray:
        """See :func:`ostnet.backends.openvino_enlarge.enlargement`; compiled at first use."""
        inputs = painted, flow, mix, picture
        shapes = (*(None if array is None else array.shape for array in inputs), size)
        if shapes not in self._enlarging:
            from ostnet.backends.openvino_enlarge import enlargement

            self._enlarging = {shapes: _Graph(enlargement(*shapes), self._threads)}
        return self._enlarging[shapes](array for array in inputs if array is not None)[0]


class _Graph:
    """One compiled graph, and as many requests to run it as there are callers at once."""

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
        except RuntimeError:  # such as a place that cannot be written
            self._compiled = _core().compile_model(graph, "CPU", settings)
        self._idle: deque = deque()

    def __call__(self, inputs: Iterable[np.ndarray]) -> list[np.ndarray]:
        arrays = [np.ascontiguousarray(array) for array in inputs]
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        made = request.infer(dict(enumerate(arrays)), share_inputs=True)
        self._idle.append(request)
        return list(made.values())


def has_bfloat16() -> bool:
    """Whether OpenVINO computes bfloat16 natively on this CPU (AVX-512 BF16, AMX)."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def has_int8() -> bool:
    """Whether OpenVINO multiplies bytes on this CPU in less time than numbers: on any x86."""
    return platform.machine().lower() in ("x86_64", "amd64")


def machine() -> str:
    """The CPU that graphs are compiled for, by name, and OpenVINO's version."""
    openvino = openvino_runtime()

    return f"{_core().get_property('CPU', 'FULL_DEVICE_NAME')} {openvino.__version__}"


def _core():
    return openvino_runtime().Core()
