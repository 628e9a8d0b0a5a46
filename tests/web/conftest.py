"""Exported sites on a file server, and Chromium with a camera and WebGPU."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from live_page import ROOT, serving
from playwright.sync_api import Browser, BrowserContext, Page, Route
from small_models import lively

from ostnet import OSTNet
from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.hub import resolve
from ostnet.hub.card import split
from ostnet.media.ffmpeg import ffmpeg
from ostnet.web.npm import unpack_runtime

TINY = {
    "resolution": 64,
    "motion_resolution": 32,
    "keypoint_width": 4,
    "motion_width": 4,
    "hourglass_max_width": 16,
    "refinement_width": 4,
    "widths": (8, 12, 16),
    "residual_blocks": 1,
    "outside": "painted",
    "reach": 1.5,
}


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory) -> Path:
    """A small untrained network with every part of the embedded one, and all that is optional."""
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    embedded = OSTNet.from_pretrained(resolve().folder).config
    lively(replace(embedded, **TINY)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sites(tmp_path_factory, worker_id, tiny_weights) -> Path:
    """``space``: the embedded weights as a static Space; ``tiny``: a page of those.

    The first process of a run makes them, the others take the same ones.
    """
    pytest.importorskip("onnxscript")
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with FileLock(shared / "sites.lock"):
        if not (shared / "sites").exists():
            _export(tmp_path_factory.mktemp("exported"), tiny_weights).rename(shared / "sites")
    return shared / "sites"


def _export(folder: Path, tiny_weights: Path) -> Path:
    try:
        (folder / "runtime").mkdir()
        unpack_runtime(folder / "runtime")
    except InputError as error:
        pytest.skip(f"no onnxruntime-web: {error}")
    flags = ["--output", str(folder / "tiny"), "--checkpoint", str(tiny_weights)]
    assert main(["export", "--format", "web", *flags]) == 0
    assert main(["export-space", "--static", str(folder / "space")]) == 0
    return folder


@pytest.fixture(scope="session")
def headers(sites) -> dict[str, str]:
    """Headers that the Hub sends with the static Space, by its front matter."""
    values, _ = split((sites / "space" / "README.md").read_text(encoding="utf-8"))
    return values["custom_headers"]


@pytest.fixture(scope="session")
def address(sites, headers) -> Iterator[str]:
    """Address of the folder with both sites."""
    with serving(sites, headers) as address:
        yield address


@pytest.fixture(scope="session")
def equipped(browser, tmp_path_factory) -> Iterator[Browser]:
    """Chromium with a camera that sees an example clip, and WebGPU on SwiftShader."""
    film = tmp_path_factory.mktemp("camera") / "film.y4m"
    clip = ROOT / "examples" / "driving" / "mid_1.0_audio.mp4"
    subprocess.run(
        ffmpeg("-v", "error", "-i", str(clip), "-an", "-pix_fmt", "yuv420p", str(film)), check=True
    )
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

    With ``watched`` its worker tells the bytes of WebAssembly memory that it holds: ``held()``.
    Afterwards no script may have failed, and no other host may have been asked for anything.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(browser: Browser, watched: bool = False, **settings) -> Page:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        if watched:
            page.route("**/modules/worker.js", _add_watch)
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda r: _is_outside(r.url) and problems.append(r.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


WATCH = """
const memories = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(wanted) { super(wanted); memories.push(this); }
};
globalThis.held = () =>
  ({ wasm: memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) });
"""


def _add_watch(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=WATCH + answer.text())


def _is_outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "blob:", "data:"))
