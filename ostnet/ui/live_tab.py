"""The tab Live: the page that computes in the visitor's browser, built in the background."""

import functools
import os
import re
import subprocess
import sys
from collections import deque
from html import escape
from pathlib import Path

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ostnet import threads
from ostnet.hub.lookup import resolve_for_browsers
from ostnet.hub.space import HEADERS, LIVE
from ostnet.ui import markup, text
from ostnet.web.site import INDEX, site_folder

VARIABLE = "OSTNET_WEB"
"""Environment variable: a folder that ``ostnet export --format web`` wrote, or ``off``, with which
the tab is left out. Default: the folder ``web`` beside app.py, else one in the cache, which is
built when the page starts."""

ADDRESS = "live"
"""Address of the page below that of the whole page."""

BUILD = [sys.executable, "-m", "ostnet", "export", "--format", "web"]
"""Command that writes the page into the cache."""

PRIORITY = 10
"""The command's niceness: 0 is normal, 19 the lowest priority."""


class LiveSite:
    """Answers with the page; until it is built, with the progress of that.

    Args:
        folder: the page's files; need not exist yet.
        command: builds it there. It prints ``[STEP/STEPS] WHAT`` for each of its steps, and the
            reason of a failure on standard error.
    """

    def __init__(self, folder: Path, command: list[str]):
        self.folder, self.command = folder, command
        self.status = text.LIVE_WAITS.format(share=0, what="starting")
        self.process: subprocess.Popen | None = None
        self.files = StaticFiles(directory=folder, html=True, check_dir=False)

    @property
    def is_built(self) -> bool:
        """Return whether the page is there, all of it."""
        return (self.folder / INDEX).is_file()

    def build(self) -> None:
        """Build the page in another process, unless it is there; return at once."""
        if not self.is_built:
            threads.start(self._build, self._stop)

    def _stop(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def _build(self) -> None:
        hidden = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
        said = deque([""], 1)
        try:
            with subprocess.Popen(self.command, env=os.environ | hidden, **pipes) as process:
                self.process = process
                os.setpriority(os.PRIO_PROCESS, process.pid, PRIORITY)
                for line in process.stdout or ():
                    said.append(line.strip())
                    if found := re.fullmatch(r"\[(\d+)/(\d+)\] (.*)", said[0]):
                        share = (int(found[1]) - 1) / int(found[2])
                        self.status = text.LIVE_WAITS.format(share=share, what=escape(found[3]))
        except OSError as error:
            said.append(str(error))
        if not self.is_built:
            reason = said[0].removeprefix("ostnet: error: ")
            self.status = text.LIVE_FAILED.format(reason=escape(reason))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: the file, or a document that says how far the build is.

        That document has status 503 at the addresses of files, so that no browser keeps it as one.
        """
        answer: ASGIApp = self.files
        if not self.is_built:
            code = 200 if scope["path"].endswith("/") else 503
            answer = HTMLResponse(self.status, code, {"cache-control": "no-store"})
        await answer(scope, receive, send)


class Isolated:
    """Isolates all documents from other origins, as middleware.

    Browsers allow threads in WebAssembly only in isolated documents, and in a frame only if the
    document around it is isolated too.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with the headers for it."""

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, headed)


@functools.cache
def live_site() -> LiveSite | None:
    """Return the page of this process; None if it is left out."""
    wanted = os.environ.get(VARIABLE, "").strip()
    if wanted.lower() == "off":
        return None
    folder = Path(wanted).expanduser() if wanted else Path(__file__).resolve().parents[2] / LIVE
    if not (wanted or (folder / INDEX).is_file()):
        folder = site_folder(resolve_for_browsers())
    return LiveSite(folder.resolve(), BUILD)


def build() -> None:
    """Show the page in tab Live."""
    if live_site() is None:
        return
    with gr.Tab("Live", id=ADDRESS):
        frame = text.LIVE.format(address=f"{ADDRESS}/")
        gr.HTML(frame, js_on_load=markup.static("live_frame.js"), elem_id="live-frame")
