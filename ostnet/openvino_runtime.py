"""OpenVINO without its telemetry: nothing that runs here is to be reported to anyone.

Its converter sends a usage event to Google Analytics, from a process forked off a process that has
threads, which can also stand still for ever. Without the telemetry package it uses a stub.
"""

import sys
from types import ModuleType


def openvino_runtime() -> ModuleType:
    """The ``openvino`` module; import it in no other way.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # importing it now fails, as if not there
    import openvino

    return openvino
