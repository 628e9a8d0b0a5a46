"""The exported site of the embedded weights, served to Chromium with and without isolation."""

import functools
import http.server
import shutil
import threading

import pytest
from playwright.sync_api import sync_playwright

from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.web.runtime import unpack_runtime

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class _Isolated(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder."""
    pytest.importorskip("onnxscript")
    try:
        unpack_runtime(tmp_path_factory.mktemp("runtime"))
    except InputError as error:
        pytest.skip(f"no onnxruntime-web: {error}")
    folder = tmp_path_factory.mktemp("web") / "site"
    assert main(["export", "--format", "web", "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def address(site):
    """Of the site, on a server that isolates it."""
    handler = functools.partial(_Isolated, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(address):
    """A fresh browser; afterwards no other host may have been asked for anything."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("no Chromium: these tests need the package chromium (apt-get install chromium)")
    outside = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda r: r.url.startswith((address, "blob:", "data:"))
                or outside.append(r.url))  # fmt: skip
        yield page
        browser.close()
    assert outside == []
