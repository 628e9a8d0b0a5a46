"""The other tabs, a phone's window, and dark mode."""

import pytest


def open_tab(page, name: str) -> None:
    tab = page.get_by_role("tab", name=name)
    if not tab.count():
        page.get_by_label("More tabs").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.first.click()


def overflow(page) -> int:
    """Pixels by which the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def test_the_stress_pad_and_sliders_change_the_stills_at_once(visit):
    page = visit()
    open_tab(page, "Stress")
    page.wait_for_selector("#stress-view :text('driving, 0.5 × 0.5')")
    assert page.locator("#stress-view img").count() == 7
    pad = page.locator("#stress-pad .pad")
    pad.press("ArrowRight")
    page.wait_for_selector("#stress-view :text('driving, 0.55 × 0.5')")
    box = pad.bounding_box()
    pad.click(position={"x": box["width"] - 3, "y": 3})  # the upper right corner, nearly
    pad.press("ArrowRight")
    pad.press("ArrowUp")
    page.wait_for_selector("#stress-view :text('driving, 2 × 2')")
    assert page.locator("#stress-y input[type=number]").input_value() == "2"
    page.locator("#stress-x input[type=number]").fill("1.5")
    page.keyboard.press("Tab")
    page.wait_for_selector("#stress-view :text('driving, 1.5 × 2')")


def test_look_inside_shows_and_explains_every_step(visit):
    page = visit()
    open_tab(page, "Look inside")
    page.wait_for_selector("#inside-view figure")
    assert page.locator("#inside-view figcaption").count() == 7
    assert page.locator("#inside-slider img").count() >= 2
    assert "times as wide" in page.locator("#inside-words").inner_text()


def test_results_and_about_can_be_read(visit):
    page = visit()
    open_tab(page, "Results")
    page.wait_for_selector("#claims article")
    assert page.locator("#claims .bars").count() == 3
    part = page.locator("#reports details").first
    assert part.get_attribute("open") is None
    page.locator(".contents a", has_text=part.locator("h3").first.inner_text()).first.click()
    page.wait_for_selector("#reports details[open] table")
    open_tab(page, "About")
    assert page.locator("#diagram svg").is_visible()
    assert "consent" in page.get_by_text("Responsible use").locator("xpath=../..").inner_text()


def test_a_phone_shows_everything_without_scrolling_sideways(visit):
    page = visit(width=390)
    assert overflow(page) <= 0
    for name in ("Stress", "Look inside", "Results", "About", "Animate"):
        open_tab(page, name)
        page.wait_for_timeout(150)
        assert overflow(page) <= 0, name
    box = page.locator("#run").bounding_box()
    assert box["width"] > 250 and box["x"] >= 0


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_and_pictures_are_described_in_light_and_dark(visit, dark):
    page = visit(dark=dark)
    page.wait_for_selector("#driving-view figcaption")
    text, ground = (
        page.evaluate(
            "([where, what]) => getComputedStyle(document.querySelector(where))[what]"
            ".match(/[\\d.]+/g).slice(0, 3).reduce((sum, v) => sum + Number(v), 0) / 3",
            pair,
        )
        for pair in (("#driving-view figcaption", "color"), ("body", "backgroundColor"))
    )
    assert (text > ground) == dark
    assert abs(text - ground) > 120
    shown = page.locator("#portrait-view img, #driving-view img, #portrait img")
    assert shown.evaluate_all("images => images.every(image => image.alt)")
