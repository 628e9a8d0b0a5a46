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

from ostnet.exits import exit_code  # noqa: E402
from ostnet.ui.memory import limit_heaps  # noqa: E402

limit_heaps()


def load() -> None:
    """Build the page as ``demo``; this also loads the weights."""
    global demo
    # after the settings, before gradio and torch: spaces patches torch on ZeroGPU
    import spaces  # noqa: F401

    from ostnet.ui.page import build

    demo = build()


# at module level, as ZeroGPU needs it
if code := exit_code(load):
    sys.exit(code)

if __name__ == "__main__":
    from ostnet.ui.page import serve

    serve(demo)
