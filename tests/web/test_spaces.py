"""Spaces: the static one as it lies on the Hub, and the page inside the one with Gradio."""

import shutil
from pathlib import Path

import gradio as gr
import pytest
from live_page import wait_for_frames

from ostnet.backends.manifest import Manifest
from ostnet.cli import main
from ostnet.hub.card import check_space, split
from ostnet.hub.lookup import VARIABLE
from ostnet.hub.space import LIVE
from ostnet.ui import page as ui_page
from ostnet.web import site
from ostnet.web.site import FACE

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


def test_the_space_with_gradio_takes_the_page_along(tmp_path, tiny_weights, sites, monkeypatch):
    def build(model, folder):
        """The graphs that were built for the page of the same weights."""
        shutil.copytree(sites / "tiny" / "graphs", folder, dirs_exist_ok=True)
        (folder / FACE).unlink()
        return Manifest.read(folder)

    monkeypatch.setattr(site, "build_page_graphs", build)
    monkeypatch.setenv(VARIABLE, str(tiny_weights))
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


def test_the_page_inside_tab_live(visit, browser, sites, monkeypatch):
    monkeypatch.setenv(ui_page.LIVE_VARIABLE, str(sites / "tiny"))
    with gr.Blocks(analytics_enabled=False) as page:
        ui_page.live_tab()
    _, url, _ = page.launch(prevent_thread_lock=True, server_name="127.0.0.1", quiet=True)
    try:
        visitor = visit(browser)
        visitor.goto(url)
        frame = visitor.wait_for_selector("iframe[title=Live]").content_frame()
        frame.wait_for_selector("#start:not([disabled])")
        assert "Processor" in frame.text_content("#backend")
        address = visitor.get_attribute("a[target=_blank]", "href")
        alone = visit(browser)
        alone.goto(url.rstrip("/") + address)
        wait_for_frames(alone, 1)
    finally:
        page.close()


def test_without_an_export_tab_live_says_how(monkeypatch, tmp_path):
    monkeypatch.setenv(ui_page.LIVE_VARIABLE, str(tmp_path))
    with gr.Blocks(analytics_enabled=False) as page:
        ui_page.live_tab()
    (words,) = [block.value for block in page.blocks.values() if isinstance(block, gr.Markdown)]
    assert "ostnet export --format web --output web" in words
