"""The real page in a process of its own, and Chromium looking at it."""

from itertools import islice
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from procedural_face import FaceParams, render
from running_page import ROOT, RunningPage, running_page

from ostnet.media.video import VideoWriter, probe, read_frames

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> RunningPage:
    """``python app.py`` on a free port."""
    with running_page(tmp_path_factory.mktemp("cache")) as server:
        yield server


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
        context.set_default_timeout(120_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on("console", lambda m: _is_error(m) and problems.append(f"console: {m.text}"))
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


@pytest.fixture(scope="session")
def own_portrait(tmp_path_factory) -> Path:
    """A portrait that is no shipped example: a drawn face."""
    path = tmp_path_factory.mktemp("portraits") / "own portrait.png"
    Image.fromarray(render(FaceParams(smile=0.35), 512)[0]).save(path)
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
    page.wait_for_function("v => v.readyState >= 2", arg=handle)
    fields = "width: v.videoWidth, height: v.videoHeight, seconds: v.duration, url: v.currentSrc"
    return handle.evaluate(f"v => ({{{fields}}})")


def _is_error(message: ConsoleMessage) -> bool:
    """But what gradio says of its own connections while a page is left is none."""
    leaving = ("AbortError", "Connection errored out", "Unexpected error 404: Not Found")
    return message.type == "error" and not any(word in message.text for word in leaving)


def _is_outside(url: str, server: RunningPage) -> bool:
    return not url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:"))
