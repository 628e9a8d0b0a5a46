"""What OpenVINO's converter would tell others stays here."""

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


def test_converting_a_network_reports_it_to_nobody():
    said = subprocess.run([sys.executable, "-c", CONVERT], capture_output=True, text=True)
    assert said.stdout.split() == ["openvino.tools.ovc.telemetry_stub", "[]"], said.stderr
