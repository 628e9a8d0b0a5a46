"""The last inputs survive a reload, in the browser of the visitor who gave them."""

import pytest

from .conftest import upload

pytestmark = pytest.mark.slow


def reload(page) -> None:
    page.wait_for_timeout(1000)  # what was last changed gets remembered
    page.reload()
    page.wait_for_selector("#run:not([disabled])")


def test_own_files_and_settings_survive_a_reload(visit, own_portrait, short_clip):
    page = visit()
    upload(page, "#portrait", own_portrait)
    upload(page, "#driving", short_clip)
    page.get_by_label("Compare all four").uncheck()
    page.locator("#zoom input[type=number]").fill("0.6")
    page.keyboard.press("Tab")
    page.wait_for_selector("#driving-view :text('0.6 times as large')")
    page.locator("#portrait-view .canvas").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#portrait-square :is(input, textarea)').value")
    seen = page.locator("#portrait-view .canvas").get_attribute("data-square")

    for _ in range(2):
        reload(page)
        page.wait_for_selector("#driving-view :text('0.6 times as large')")
        page.wait_for_selector(f"#portrait-view .canvas[data-square='{seen}']")
        page.wait_for_function(
            "/^6 frames[:.]/.test(document.querySelector('#estimate')?.innerText.trim())"
        )
        assert not page.get_by_label("Compare all four").is_checked()

    other = visit()
    other.wait_for_selector("#portrait-view .canvas")
    assert other.locator("#portrait-view .canvas").get_attribute("data-square") != seen


def test_a_new_link_takes_precedence(visit, server):
    page = visit()
    page.locator("#zoom input[type=number]").fill("0.6")
    page.keyboard.press("Tab")
    page.wait_for_selector("#driving-view :text('0.6 times as large')")
    page.wait_for_timeout(1000)
    page.goto(f"{server.url}?zoom=1.5")
    page.wait_for_selector("#driving-view :text('1.5 times as large')")
