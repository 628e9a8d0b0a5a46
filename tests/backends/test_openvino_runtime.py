"""OpenVINO as this package imports it: it reports nothing, and threads may share it."""

import subprocess
import sys

import pytest

pytest.importorskip("openvino")

CONVERT = """
import sys, torch
from ostnet.openvino_runtime import openvino_runtime
openvino = openvino_runtime()
from openvino.tools.ovc import convert_impl
openvino.convert_model(torch.nn.ReLU(), example_input=torch.zeros(1))
loaded = [name for name in sys.modules if name.startswith("openvino_telemetry.")]
print(convert_impl.tm.__name__, loaded)
"""


def test_converting_a_network_sends_no_telemetry():
    said = subprocess.run([sys.executable, "-c", CONVERT], capture_output=True, text=True)
    assert said.stdout.split() == ["openvino.tools.ovc.telemetry_stub", "[]"], said.stderr


AT_ONCE = """
import os, sys, threading
import numpy as np
from ostnet.openvino_runtime import openvino_runtime
openvino = openvino_runtime()
from openvino import opset13
place = opset13.parameter([2, 3], np.float32)
network = openvino.Core().compile_model(openvino.Model([opset13.relu(place)], [place]), "CPU")
requests = [network.create_infer_request() for _ in range(6)]
together = threading.Barrier(6)
sys.setswitchinterval(1e-6)

def fill(request):
    together.wait()
    request.get_input_tensor(0).data[:] = 1

threads = [threading.Thread(target=fill, args=(one,), daemon=True) for one in requests]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(timeout=30)
os._exit(sum(thread.is_alive() for thread in threads))
"""


def test_threads_that_begin_at_once_do_not_deadlock():
    assert subprocess.run([sys.executable, "-c", AT_ONCE], timeout=120).returncode == 0
