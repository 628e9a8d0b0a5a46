"""Training; inference never imports it. ``python -m ostnet.training`` needs torch, numpy, OpenCV
and safetensors alone."""

import time

PROCESS_START = time.monotonic()
"""Start of the process, near enough: ``--minutes`` counts from here."""
