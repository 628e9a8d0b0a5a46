"""OpenVINO without its telemetry, and ready for threads.

Its converter sends a usage event to Google Analytics, from a process forked off a process that has
threads, which can also stand still for ever. Without the telemetry package it uses a stub, so that
nothing that runs here is reported to anyone.

Threads that exchange arrays with it for the first time at the same moment stop each other for ever
(OpenVINO 2026: one waits for the interpreter's lock, the other for what the first one initialises).
So the first exchange happens here, before anyone else can have one.
"""

import sys
from threading import Lock
from types import ModuleType

import numpy as np

_one_at_a_time = Lock()


def openvino_runtime() -> ModuleType:
    """The ``openvino`` module; import it in no other way.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    with _one_at_a_time:
        sys.modules.setdefault("openvino_telemetry", None)  # importing it fails, as if not there
        import openvino

        _ = openvino.Tensor(np.zeros(1, np.float32)).data
    return openvino
