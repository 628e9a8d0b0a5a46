"""The exported site of the embedded weights, served to Chromium with and without isolation."""

import functools
import http.server
import threading

import pytest

from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.web.runtime import unpack_runtime


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
def page(address, browser):
    """A visitor's page; afterwards no other host may have been asked for anything."""
    outside = []
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("request", lambda r: r.url.startswith((address, "blob:", "data:"))
            or outside.append(r.url))  # fmt: skip
    yield page
    context.close()
    assert outside == []
