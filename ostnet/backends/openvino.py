"""OpenVINO: the fastest on CPUs, x86 and Arm. Runs a folder of graphs; no torch in here."""

import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ostnet.backends.manifest import Manifest
from ostnet.openvino_runtime import openvino_runtime


class Graphs:
    """Compiled graphs of one folder; each call is one picture.

    Args:
        folder: what ``ostnet export --format openvino`` wrote.
        manifest: of that folder.
        threads: how many each call may use; None: all cores.

    Raises:
        RuntimeError: OpenVINO cannot read or compile them.
    """

    def __init__(self, folder: Path, manifest: Manifest, threads: int | None = None):
        openvino = openvino_runtime()

        core = openvino.Core()
        settings = {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        self._requests = {}
        for name, graph in manifest.graphs.items():
            precision = {"INFERENCE_PRECISION_HINT": graph.precision}
            compiled = core.compile_model(folder / f"{name}.xml", "CPU", settings | precision)
            self._requests[name] = compiled.create_infer_request()
        self._lock = threading.Lock()  # a request serves one caller at a time

    def __call__(self, name: str, inputs: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Run one graph: float32 arrays in, in the manifest's order, and out."""
        arrays = [np.ascontiguousarray(array) for array in inputs]
        with self._lock:
            made = self._requests[name].infer(dict(enumerate(arrays)), share_inputs=True)
            return list(made.values())


def has_bfloat16() -> bool:
    """Whether OpenVINO computes bfloat16 natively on this CPU (AVX-512 BF16, AMX)."""
    openvino = openvino_runtime()

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def machine() -> str:
    """The CPU that graphs are compiled for, by name, and OpenVINO's version."""
    openvino = openvino_runtime()

    return f"{openvino.Core().get_property('CPU', 'FULL_DEVICE_NAME')} {openvino.__version__}"
