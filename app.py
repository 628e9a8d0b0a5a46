"""The Space's entry point: builds the page and launches it."""

import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# torch's threads must sleep between layers: spinning starves the video encoders beside them
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# tighter limits for visitors' files than for a command line's own files; see SECURITY.md
os.environ.setdefault("OSTNET_DECODER_MEMORY", "4096")
os.environ.setdefault("OSTNET_DECODER_SECONDS", "1200")
os.environ.setdefault("OSTNET_PICTURE_MEGAPIXELS", "40")

from ostnet.ui.memory import limit_heaps  # noqa: E402

limit_heaps()

# after the settings, before gradio and torch: spaces patches torch on ZeroGPU
import spaces  # noqa: E402, F401

from ostnet.errors import InputError  # noqa: E402
from ostnet.ui.page import build, launch_options  # noqa: E402

try:
    demo = build()  # loads the weights here, at module level, as ZeroGPU needs it
except InputError as error:
    sys.exit(f"ostnet: error: {error}")

if __name__ == "__main__":
    demo.launch(**launch_options())
