"""A visitor draws the square that is animated, or picks faces."""

from pathlib import Path

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


def numbers(page, where: str, name: str) -> list[int]:
    """What a canvas says of its square or size."""
    text = page.locator(f"{where} .canvas").get_attribute(f"data-{name}")
    return [int(word) for word in text.split(",")]


@pytest.mark.parametrize("where", ["portrait", "driving"])
def test_dragging_on_the_picture_draws_the_square(visit, where):
    page, view = visit(), f"#{where}-view"
    width, height = numbers(page, view, "size")
    found, seen = numbers(page, view, "square"), page.locator(f"{view} img").nth(1)
    before = seen.get_attribute("src")
    drag(page, view, (0.2, 0.1), (0.2 + 0.4, 0.1 + 0.3 * width / height))
    page.wait_for_function(
        "([view, before]) => document.querySelectorAll(`${view} img`)[1].src !== before",
        arg=[view, before],
    )
    square = numbers(page, view, "square")
    assert square == pytest.approx([0.2 * width, 0.1 * height, 0.4 * width], abs=0.02 * width)
    text = page.locator(f"#{where}-square").locator("input, textarea").input_value()
    assert text == ",".join(map(str, square))
    page.locator(f"{view} .canvas img").dblclick()  # automatic again
    page.wait_for_selector(f"{view} .canvas[data-square='{','.join(map(str, found))}']")


def test_keys_move_the_square_and_another_portrait_has_its_own(visit, own_portrait):
    page = visit()
    left, top, side = numbers(page, "#portrait-view", "square")
    page.locator("#portrait-view .canvas").focus()
    page.keyboard.press("ArrowRight")
    moved = f"{left + max(1, round(side / 40))},{top},{side}"
    page.wait_for_selector(f"#portrait-view .canvas[data-square='{moved}']")
    upload(page, "#portrait", own_portrait)
    width, height = Image.open(own_portrait).size
    page.wait_for_selector(f"#portrait-view .canvas[data-size='{width},{height}']")
    page.wait_for_function(
        "document.querySelector('#portrait-square :is(input, textarea)').value === ''"
    )


def test_faces_of_a_group_are_picked_by_pointer_and_keyboard(visit, tmp_path):
    folder = Path(__file__).parents[2] / "examples" / "portraits"
    people = [Image.open(folder / f"{name}.jpg") for name in ("eileen_collins", "grace_hopper")]
    group = Image.new("RGB", (800, 400))
    for left, one in zip((0, 400), people, strict=True):
        group.paste(one.convert("RGB").resize((400, 400)), (left, 0))
    group.save(tmp_path / "group.png")

    page = visit()
    assert page.locator("#faces:visible").count() == 0  # one face
    upload(page, "#portrait", tmp_path / "group.png")
    page.wait_for_selector("#portrait-view .canvas[data-faces*=' ']")
    faces = page.locator("#portrait-view .canvas").get_attribute("data-faces").split()
    left, top, side = map(int, faces[1].split(","))
    place = ((left + side / 2) / 800, (top + side / 2) / 400)
    drag(page, "#portrait-view", place, place)
    page.wait_for_function("document.querySelectorAll('#faces input')[1].checked")
    page.locator("#faces input").nth(0).focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelectorAll('#faces input:checked').length === 2")
    page.wait_for_function("document.querySelector('#estimate').innerText.includes('2 faces')")
