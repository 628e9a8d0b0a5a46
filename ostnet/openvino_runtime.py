"""Load OpenVINO without telemetry, safe for threads.

Its converter sends a usage event to Google Analytics from a process that it forks off a process
with threads, which can cause a deadlock. Without the telemetry package it uses a stub and sends
nothing.

Threads that exchange arrays with it for the first time at the same moment cause a deadlock
(OpenVINO 2026). So the first exchange happens here.
"""

import sys
from threading import Lock
from types import ModuleType

import numpy as np

_one_at_a_time = Lock()


def openvino_runtime() -> ModuleType:
    """Return the ``openvino`` module; do not import it directly.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    with _one_at_a_time:
        if "openvino_telemetry" not in sys.modules:
            # None makes its import fail, as if it was not installed
            sys.modules["openvino_telemetry"] = None  # pyright: ignore[reportArgumentType]
        import openvino

        _ = openvino.Tensor(np.zeros(1, np.float32)).data
    return openvino
