"""The page that computes in the browser, as its tests serve it and look at it."""

import contextlib
import functools
import http.server
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from filelock import FileLock
from PIL import Image
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


def written_once(sites: Path, name: str, pictures: Mapping[str, np.ndarray]) -> list[Path]:
    """Write pictures to a folder beside the sites, which all processes of a run share.

    Only the first process writes: another must not read a half-written file.
    """
    with FileLock(sites.parent / f"{name}.lock"):
        if not (sites / name).exists():
            folder = Path(tempfile.mkdtemp(dir=sites.parent))
            for file, picture in pictures.items():
                Image.fromarray(picture).save(folder / file)
            folder.rename(sites / name)
    return sorted((sites / name).iterdir())


def frames_shown(page: Page) -> int:
    """How many results have been shown since the page was opened."""
    return page.evaluate(FRAMES)


def wait_for_frames(page: Page, count: int) -> None:
    """Wait until so many results have been shown."""
    page.wait_for_function(f"{FRAMES} >= {count}")
