"""A visitor draws the square that is animated."""

import pytest
from PIL import Image

from .conftest import upload

pytestmark = pytest.mark.slow


def drag(page, where: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of a picture to another, in shares of its width and height."""
    picture = page.locator(f"{where} .canvas img")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    for index, (x, y) in enumerate((start, end)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        page.mouse.down() if index == 0 else page.mouse.up()


def square(page, where: str) -> list[int]:
    """The square that is shown, once the server has answered."""
    page.wait_for_timeout(100)
    text = page.locator(f"{where} .canvas").get_attribute("data-square")
    return [int(word) for word in text.split(",")]


@pytest.mark.parametrize("where", ["portrait", "driving"])
def test_dragging_on_the_picture_draws_the_square(visit, where):
    page = visit()
    view = f"#{where}-view"
    width, height = (
        int(word) for word in page.locator(f"{view} .canvas").get_attribute("data-size").split(",")
    )
    found, seen = square(page, view), page.locator(f"{view} img").nth(1).get_attribute("src")
    drag(page, view, (0.2, 0.1), (0.2 + 0.4, 0.1 + 0.3 * width / height))
    page.wait_for_function(
        "([view, before]) => document.querySelectorAll(`${view} img`)[1].src !== before",
        arg=[view, seen],
    )
    left, top, side = square(page, view)
    assert [left, top, side] != found
    tolerance = 0.02 * width
    assert left == pytest.approx(0.2 * width, abs=tolerance)
    assert top == pytest.approx(0.1 * height, abs=tolerance)
    assert side == pytest.approx(0.4 * width, abs=tolerance)
    assert (
        page.locator(f"#{where}-square").locator("input, textarea").input_value()
        == f"{left},{top},{side}"
    )

    page.locator(f"{view} .canvas img").dblclick()  # automatic again
    page.wait_for_function(
        "([view, found]) => document.querySelector(`${view} .canvas`).dataset.square === found",
        arg=[view, ",".join(map(str, found))],
    )


def test_keys_move_and_resize_the_square(visit):
    page = visit()
    left, top, side = square(page, "#portrait-view")
    page.locator("#portrait-view .canvas").focus()
    page.keyboard.press("ArrowRight")
    by = max(1, round(side / 40))
    moved = f"{left + by},{top},{side}"
    page.wait_for_selector(f"#portrait-view .canvas[data-square='{moved}']")


def test_another_portrait_has_a_square_of_its_own(visit, own_portrait):
    page = visit()
    drag(page, "#portrait-view", (0.5, 0.5), (0.9, 0.9))
    upload(page, "#portrait", own_portrait)
    width, height = Image.open(own_portrait).size
    page.wait_for_selector(f"#portrait-view .canvas[data-size='{width},{height}']")
    page.wait_for_function(
        "document.querySelector('#portrait-square :is(input, textarea)').value === ''"
    )
