"""What a screen reader, a keyboard and weak eyes need."""

from pathlib import Path

import pytest
from axe import LOOKS, violations
from playwright.sync_api import FileChooser, Page

from .conftest import run, upload, video
from .test_other_tabs import open_tab

READY = {
    "Stress": "#stress-view figure",
    "Look inside": "#inside-view figure",
    "Results": "#claims article",
    "About": "#diagram svg",
}
"""What each tab shows in the end."""

HAS_FOCUS = "where => document.activeElement.matches(where)"


def tab_to(page, where: str) -> None:
    """Press Tab until an element has the focus and keeps it; a redrawn element loses it."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(HAS_FOCUS, where):
            page.wait_for_timeout(500)
            if page.evaluate(HAS_FOCUS, where):
                return
    pytest.fail(f"the tab key does not reach {where}")


def choose(page: Page, box: str, file: Path) -> None:
    """Replace the file of an input by keyboard."""
    tab_to(page, f"{box} :is([aria-label='Clear'], [aria-label='Remove Image'])")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{box} input[type=file]", state="attached")
    page.locator(f"{box} button.upload-container").wait_for()
    page.evaluate("document.activeElement.blur()")
    tab_to(page, f"{box} button.upload-container")
    chosen: list[FileChooser] = []
    page.once("filechooser", lambda chooser: chosen.append(chooser))
    for _ in range(5):  # a key that comes just after the box was emptied may do nothing
        page.keyboard.press("Enter")
        page.wait_for_timeout(2000)
        if chosen:
            return chosen[0].set_files(file)
    pytest.fail(f"{box}: the Enter key opens no choice of files")


@pytest.mark.parametrize("width, dark", LOOKS)
def test_no_tab_violates_wcag(visit, width, dark):
    page = visit(width, dark)
    for fold in page.locator("#inputs .label-wrap").all():
        fold.click()
    page.wait_for_selector("#mouth")
    assert violations(page) == []
    for name, shown in READY.items():
        open_tab(page, name)
        page.wait_for_selector(shown)
        for part in page.locator("#reports details:visible > summary").all():
            part.click()
        assert violations(page) == [], name


@pytest.mark.parametrize("width, dark", LOOKS)
def test_neither_a_result_nor_an_error_violates_wcag(visit, short_clip, tmp_path, width, dark):
    page = visit(width, dark)
    upload(page, "#driving", short_clip)
    page.wait_for_selector("#estimate :text('6 frames')")
    run(page)
    video(page, "#single")
    page.click("#share")
    page.wait_for_selector("#link")
    page.locator("#numbers summary").first.click()
    assert violations(page) == []
    wrong = tmp_path / "letter.png"
    wrong.write_text("no picture")
    upload(page, "#portrait", wrong)
    page.wait_for_selector(".toast-body")
    page.wait_for_selector("#portrait-view .warn")
    assert violations(page) == []


def test_the_keyboard_alone_animates_compares_and_downloads(visit, own_portrait, short_clip):
    page = visit()
    choose(page, "#portrait", own_portrait)
    page.wait_for_selector("#portrait-view .canvas[data-size='512,512']")
    choose(page, "#driving", short_clip)
    page.wait_for_selector("#estimate :text('6 frames')")
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "#portrait-view .canvas")
    before = page.locator("#portrait-view .canvas").get_attribute("data-square")
    page.keyboard.press("-")
    page.wait_for_selector(f"#portrait-view .canvas:not([data-square='{before}'])")
    tab_to(page, "#compare input")
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    tab_to(page, "#run:not([disabled])")
    page.keyboard.press("Enter")
    page.wait_for_selector("#stop", state="visible")
    page.wait_for_selector("#mine", state="visible")
    tab_to(page, "#grid [data-step='0']")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#grid video').paused")
    tab_to(page, "#zip")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "ostnet.zip"


def test_whatever_has_the_focus_shows_it(visit):
    page = visit()
    for where in (
        ".shelf button", "#portrait-view .canvas", "#zoom input[type=range]",
        "#pose input", "#compare input", "#run", "#grid [data-step='0']",
    ):  # fmt: skip
        tab_to(page, where)
        ring = page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, parseFloat(outlineWidth)])"
            "(getComputedStyle(document.activeElement))"
        )
        assert ring[0] == "solid" and ring[1] >= 2, where
