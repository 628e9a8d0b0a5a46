"""The real page in a process of its own, and Chromium looking at it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from ostnet.media.video import VideoWriter, probe, read_frames

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Server:
    """The running page."""

    url: str
    seconds: float
    """Processor time from the start of the process to the first answer; as long as that takes on
    an idle machine, and not longer on a busy one."""
    cache: Path
    """Where uploads and results lie."""


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Server:
    """``python app.py`` on a free port."""
    cache = tmp_path_factory.mktemp("cache")
    with socket.socket() as probe_:
        probe_.bind(("127.0.0.1", 0))
        port = probe_.getsockname()[1]
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(cache)}
    log = cache.with_suffix(".log").open("w+")
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | settings | {"GRADIO_SERVER_NAME": "127.0.0.1", "PYTHONPATH": str(ROOT)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        while not _answers(url):
            assert process.poll() is None, log.seek(0) or log.read()
            assert time.monotonic() - started < 60, "the page did not answer within a minute"
            time.sleep(0.05)
        yield Server(url, _processor_seconds(process.pid), cache)
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@pytest.fixture
def visit(server, browser):
    """Open the page as a new visitor: ``visit(width=..., dark=...)``; returns its Page.

    Afterwards no visit may have logged an error or asked another host for anything.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(width: int = 1280, dark: bool = False) -> Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        context.set_default_timeout(40_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on("console", lambda m: m.type == "error" and problems.append(f"console: {m.text}"))
        page.on("request", lambda r: _is_outside(r.url, server) and problems.append(r.url))
        page.goto(server.url)
        page.wait_for_selector("#run:not([disabled])")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory) -> Path:
    """Six frames with sound, of a shipped example."""
    source = EXAMPLES / "driving" / "mid_1.0_audio.mp4"
    path = tmp_path_factory.mktemp("clips") / "six frames.mp4"
    with VideoWriter(path, probe(source).fps, probe(source)) as writer:
        for frame in islice(read_frames(source), 6):
            writer.write(frame)
    return path


def upload(page: Page, where: str, file: Path) -> None:
    """Replace the file of an input."""
    clear = page.locator(f"{where} button:is([aria-label='Clear'], [aria-label='Remove Image'])")
    if clear.count():
        clear.first.click()
    page.locator(f"{where} input[type=file]").set_input_files(file)


def run(page: Page) -> None:
    """Press the button, by keyboard, and wait for the result."""
    page.wait_for_selector("#run:not([disabled])")
    page.locator("#run").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#stop", state="visible")
    page.wait_for_selector("#stop", state="hidden")
    page.wait_for_selector("#results", state="visible")


def video(page: Page, where: str) -> dict:
    """What the browser knows of a video element once it can show a frame."""
    handle = page.wait_for_selector(f"{where} video")
    page.wait_for_function("v => v.readyState >= 2 || v.error", arg=handle)
    return handle.evaluate(
        "v => ({width: v.videoWidth, height: v.videoHeight, seconds: v.duration,"
        " error: v.error && v.error.message, url: v.currentSrc})"
    )


def _answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except urllib.error.URLError:
        return False


def _processor_seconds(pid: int) -> float:
    """User and system time of a process, from Linux's /proc (fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is_outside(url: str, server: Server) -> bool:
    return not url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:"))
