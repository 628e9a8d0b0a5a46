"""Spaces: the static one as it lies on the Hub, and the page inside the one with Gradio."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import pytest
from live_page import wait_for_frames
from playwright.sync_api import expect
from starlette.middleware import Middleware
from starlette.routing import Mount

from ostnet.backends.manifest import Manifest
from ostnet.cli import main
from ostnet.hub.card import check_space, split
from ostnet.hub.lookup import VARIABLE
from ostnet.hub.space import LIVE
from ostnet.ui import live_tab
from ostnet.ui.live_tab import Isolated, LiveSite
from ostnet.web import site

pytestmark = pytest.mark.slow


def test_the_static_space(sites):
    space = sites / "space"
    values, body = split((space / "README.md").read_text(encoding="utf-8"))
    check_space(values)
    assert values["sdk"] == "static" and values["app_file"] == "index.html"
    assert values["custom_headers"] == {
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "cross-origin",
    }
    assert "nothing is uploaded" in body
    origins = (space / "examples" / "README.md").read_text(encoding="utf-8")
    assert "Copyright (c) 2017 Audun Mathias Øygard" in origins  # beside each copy of his clips
    through_lfs = (space / ".gitattributes").read_text()
    files = [path for path in space.rglob("*") if path.is_file()]
    large = {path.suffix for path in files if path.stat().st_size > 1e6}
    assert large == {".wasm", ".onnx"}
    assert all(f"*{suffix} filter=lfs" in through_lfs for suffix in large)


@pytest.fixture
def built(tiny_weights, sites, monkeypatch) -> None:
    """The default weights are tiny; their graphs and the runtime are those of their page."""

    def build(model, folder):
        shutil.copytree(sites / "tiny" / "graphs" / "tiny", folder, dirs_exist_ok=True)
        return Manifest.read(folder)

    def unpack(folder, archive):
        shutil.copytree(sites / "tiny" / "runtime", folder, dirs_exist_ok=True)

    monkeypatch.setattr(site, "build_page_graphs", build)
    monkeypatch.setattr(site, "unpack_runtime", unpack)
    monkeypatch.setenv(VARIABLE, str(tiny_weights))


@pytest.mark.usefixtures("built")
def test_the_space_with_gradio_takes_the_page_along(tmp_path, sites):
    assert main(["export-space", "--live", str(tmp_path / "space")]) == 0
    page = tmp_path / "space" / LIVE
    assert files_of(page) == files_of(sites / "tiny"), "as ostnet export writes it"
    assert (page.parent / "app.py").is_file()


def files_of(folder: Path) -> set[Path]:
    """By their names below it."""
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("flags", [["--live"], ["--weights", f"someone/tiny@{'0' * 40}"]])
def test_a_static_space_takes_neither_flag(flags, tmp_path, capsys):
    assert main(["export-space", str(tmp_path / "new"), "--static", *flags]) == 2
    assert capsys.readouterr().err.startswith(f"ostnet: error: {flags[0]}: a static Space")


@pytest.fixture
def opened(monkeypatch) -> Iterator[Callable[[Path, str], str]]:
    """``opened(folder, program)``: address of a page with tab Live, whose files a program makes."""
    pages = []

    def start(folder: Path, program: str) -> str:
        site = LiveSite(folder, [sys.executable, "-c", program])
        monkeypatch.setattr(live_tab, "live_site", lambda: site)
        with gr.Blocks(analytics_enabled=False) as page, gr.Tabs():
            live_tab.build()
        site.build()
        pages.append(page)
        options = {"routes": [Mount("/live", site)], "middleware": [Middleware(Isolated)]}
        settings = {"server_name": "127.0.0.1", "quiet": True, "ssr_mode": False}
        return page.launch(prevent_thread_lock=True, app_kwargs=options, **settings)[1]

    yield start
    for page in pages:
        page.close()


BUILD = """
import pathlib, shutil, time
print("[2/3] networks", flush=True)
while not pathlib.Path({go!r}).exists(): time.sleep(.1)
shutil.copytree({site!r}, {folder!r})
"""


def test_tab_live_becomes_the_page_once_that_is_built(visit, browser, sites, opened, tmp_path):
    go, folder = tmp_path / "go", tmp_path / "site"
    program = BUILD.format(go=str(go), site=str(sites / "tiny"), folder=str(folder))
    url = opened(folder, program)
    visitor = visit(browser)
    visitor.goto(url)
    visitor.wait_for_selector("iframe[title=Live]")
    frame = visitor.frame_locator("iframe[title=Live]")
    expect(frame.locator("body")).to_contain_text(
        "is preparing the page that computes in your own", timeout=60_000
    )
    expect(frame.locator("body")).to_contain_text("networks", timeout=60_000)
    assert frame.locator("progress").get_attribute("value") == "0.3333333333333333"
    go.touch()
    expect(frame.locator("#start")).to_be_enabled(timeout=120_000)
    expect(frame.locator("#backend")).to_contain_text("Processor")
    assert visitor.frame(url=f"{url}live/").evaluate("crossOriginIsolated"), "so threads work"
    alone = visit(browser)
    alone.goto(url + visitor.get_attribute("a[target=_blank]", "href"))
    wait_for_frames(alone, 1)


def test_why_tab_live_could_not_be_built_is_said(visit, browser, sites, opened, tmp_path):
    program = "raise SystemExit('ostnet: error: runtime: <npm> cannot be reached; do this')"
    visitor = visit(browser)
    visitor.goto(opened(tmp_path / "site", program))
    visitor.wait_for_selector("iframe[title=Live]")
    body = visitor.frame_locator("iframe[title=Live]").locator("body")
    expect(body).to_contain_text(
        "could not be prepared. The server tries again when it is started", timeout=60_000
    )
    expect(body).to_contain_text("Reason: runtime: <npm> cannot be reached; do this")


@pytest.mark.usefixtures("built")
def test_the_site_of_tab_live_is_built_once_and_kept(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OSTNET_CACHE", str(tmp_path))
    for said in ("[1/3] onnxruntime-web", "ready: "):
        assert main(["export", "--format", "web"]) == 0
        assert capsys.readouterr().out.startswith(said)
    monkeypatch.delenv(live_tab.VARIABLE)
    assert live_tab.live_site.__wrapped__().is_built
