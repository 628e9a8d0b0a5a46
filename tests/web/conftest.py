"""Exported sites on a file server, and Chromium with what a visitor may have."""

import contextlib
import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from small_models import lively

from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.hub.front_matter import split
from ostnet.media.ffmpeg import ffmpeg
from ostnet.web.runtime import unpack_runtime

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.fixture(scope="session")
def sites(tmp_path_factory) -> Path:
    """``space``: the embedded weights as a static Space; ``tiny``: a small untrained network."""
    pytest.importorskip("onnxscript")
    folder = tmp_path_factory.mktemp("sites")
    try:
        (folder / "runtime").mkdir()
        unpack_runtime(folder / "runtime")
    except InputError as error:
        pytest.skip(f"no onnxruntime-web: {error}")
    weights = tmp_path_factory.mktemp("weights") / "tiny"
    lively().save_pretrained(weights)
    flags = ["--output", str(folder / "tiny"), "--checkpoint", str(weights)]
    assert main(["export", "--format", "web", *flags]) == 0
    assert main(["export-space", "--static", str(folder / "space")]) == 0
    return folder


@pytest.fixture(scope="session")
def headers(sites) -> dict[str, str]:
    """Those that the Hub sends with the static Space, by its front matter."""
    values, _ = split((sites / "space" / "README.md").read_text(encoding="utf-8"))
    return values["custom_headers"]


@pytest.fixture(scope="session")
def address(sites, headers) -> Iterator[str]:
    """Of the folder with both sites."""
    with serving(sites, headers) as address:
        yield address


@pytest.fixture(scope="session")
def equipped(browser, tmp_path_factory) -> Iterator[Browser]:
    """Chromium with a camera, which sees an example clip, and WebGPU, which SwiftShader computes."""
    film = tmp_path_factory.mktemp("camera") / "film.y4m"
    clip = ROOT / "examples" / "driving" / "mid_1.0_audio.mp4"
    subprocess.run(ffmpeg("-i", str(clip), "-an", "-pix_fmt", "yuv420p", str(film)), check=True)
    flags = [
        "--no-sandbox",
        "--disable-background-networking",
        "--enable-unsafe-webgpu",
        "--use-webgpu-adapter=swiftshader",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
        "--enable-blink-features=ForceEagerMeasureMemory",
    ]
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    chromium = browser.browser_type.launch(executable_path=program, args=flags)
    yield chromium
    chromium.close()


@pytest.fixture
def visit(address) -> Iterator[Callable[..., Page]]:
    """``visit(browser, **settings)``: a page of a new visitor, before it goes anywhere.

    Afterwards no script may have failed, and no other host may have been asked for anything.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(browser: Browser, **settings) -> Page:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda r: _is_outside(r.url) and problems.append(r.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def _is_outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "blob:", "data:"))
