"""The page as it opens, and its use by keyboard and link."""

import pytest

from .conftest import upload, video


def in_view(page, where: str) -> bool:
    """Whether a part is wholly inside the window."""
    box = page.locator(where).bounding_box()
    size = page.viewport_size
    return box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_comparison_plays_at_once_beside_its_sentence(visit, width):
    page = visit(width=width)
    shown = video(page, "#grid")
    assert shown["url"].endswith("narrow.mp4" if width == 390 else "wide.mp4")
    page.wait_for_function("document.querySelector('#grid video').currentTime > 0.1")
    assert page.evaluate("document.querySelector('#grid video').muted")
    said = page.locator("#headline").inner_text()
    assert "With OSTNet the result's face is" in said and "without it" in said
    assert page.locator("#chart polyline").count() == 6
    assert in_view(page, "#headline") and in_view(page, "#run")
    assert page.locator("#grid video").bounding_box()["y"] < 400


def test_inputs_stand_beside_the_result_and_the_button_stays_in_view(visit):
    page = visit()
    assert page.locator("#preload").count() == 0
    inputs, outcome = (page.locator(where).bounding_box() for where in ("#portrait", "#grid"))
    assert inputs["x"] + inputs["width"] < outcome["x"]
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(200)
    assert in_view(page, "#run")


def test_single_frames_by_button_and_key(visit):
    page = visit()
    video(page, "#grid")
    page.locator(".steps button").nth(1).click()  # pause
    page.evaluate("document.querySelector('#grid video').currentTime = 1.02")
    page.wait_for_selector(".steps output:text('frame 26')")
    page.locator(".steps button").nth(2).click()
    page.wait_for_selector(".steps output:text('frame 27')")
    page.keyboard.press(",")
    page.keyboard.press(",")
    page.wait_for_selector(".steps output:text('frame 25')")


def test_a_link_restores_settings_and_example(visit, server):
    page = visit()
    page.locator("[aria-label='Example clips'] button").nth(1).click()
    page.get_by_label("Compare all four").uncheck()
    page.locator("#zoom input[type=number]").fill("0.6")
    page.keyboard.press("Tab")
    page.wait_for_selector("#driving-view :text('0.6 times as large')")
    page.click("#share")
    page.wait_for_function(
        "document.querySelector('#link :is(input, textarea)')?.value.startsWith('http')"
    )
    link = page.locator("#link").locator("input, textarea").input_value()
    other = visit()
    other.goto(link)
    other.wait_for_selector("#driving-view :text('0.6 times as large')")
    assert not other.get_by_label("Compare all four").is_checked()
    mine, theirs = (one.locator("#driving video").get_attribute("src") for one in (page, other))
    assert mine.split("/")[-1] == theirs.split("/")[-1]


def test_a_still_picture_drives(visit, own_portrait):
    page = visit()
    page.get_by_text("More portraits or clips, a still driver").click()
    upload(page, "#still", own_portrait)
    page.wait_for_function(
        "/^1 frames/.test(document.querySelector('#estimate')?.innerText.trim())"
    )


def test_the_comparison_plays_before_the_program_of_the_page_is_there(server, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        page.route("**/assets/*.js", lambda route: None)  # it never comes
        page.goto(server.url, wait_until="commit")
        page.wait_for_function("document.querySelector('video')?.currentTime > 0.1")
        assert in_view(page, "video")
        assert "With OSTNet the result's face is" in page.locator("#preload").inner_text()
    finally:
        page.close()


def test_the_comparison_that_plays_moves_into_the_page_and_is_loaded_once(visit):
    page = visit()
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(entry => [entry.name, entry.decodedBodySize])"
    )
    shown = [name for name, _ in loaded if "showcase" in name and name.endswith("mp4")]
    assert len(shown) == 1 and shown[0].endswith("wide.mp4")
    assert sum(size for name, size in loaded if "ffmpeg" in name) < 1000, "32 MB to trim clips"
