"""The page that computes in the browser, as its tests serve it and look at it."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]

PATIENT = "OSTNET_TEST_WEBGPU"
"""Environment variable that is set to try more on WebGPU: where a processor imitates a graphics
card, shaders and frames take minutes."""

FRAMES = "Number(document.querySelector('#panes').dataset.frames ?? 0)"


@contextlib.contextmanager
def serving(folder: Path, headers: dict[str, str]) -> Iterator[str]:
    """A file server that sends these headers with everything; its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self):
            for name, value in headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def frames_shown(page: Page) -> int:
    """How many results have been shown since the page was opened."""
    return page.evaluate(FRAMES)


def wait_for_frames(page: Page, count: int) -> None:
    """Wait until so many results have been shown."""
    page.wait_for_function(f"{FRAMES} >= {count}")
