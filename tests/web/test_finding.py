"""The square of a visitor's own portrait."""

import re

import numpy as np
import pytest
from live_page import ROOT
from PIL import Image
from playwright.sync_api import expect
from procedural_face import FaceParams, render

from ostnet.media.crop import source_crop

pytestmark = pytest.mark.slow


def test_a_small_face_is_framed_as_python_frames_it(visit, browser, address, tmp_path):
    wide = Image.new("RGB", (1400, 900), (120, 130, 140))
    face = Image.open(ROOT / "examples" / "portraits" / "eileen_collins.jpg").resize((380, 380))
    wide.paste(face, (860, 240))
    wide.save(tmp_path / "wide.png")
    crop, _ = source_crop(np.asarray(wide))

    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.set_input_files("#portrait-file", tmp_path / "wide.png")
    page.wait_for_function("Number(square.value) < 100")
    said = page.get_attribute("#portrait canvas", "aria-description")
    side, left, top = map(int, re.findall(r"\d+", said))
    close = 0.1 * crop.size
    assert (side, left, top) == pytest.approx((crop.size, crop.left, crop.top), abs=close)


def side(yaw: float) -> Image.Image:
    """A drawn face whose head is turned."""
    return Image.fromarray(render(FaceParams(yaw=yaw), 256)[0])


def cut(left: int) -> Image.Image:
    """A photograph that begins so far right; its face begins at 176 and ends at 276."""
    photo = Image.open(ROOT / "examples" / "portraits" / "eileen_collins.jpg")
    return photo.crop((left, 0, *photo.size))


@pytest.mark.parametrize(
    "picture, said",
    [(side(1.5), "seen from the side"), (cut(216), "outside the picture"), (cut(100), "")],
)
def test_a_face_that_distorts_the_result_is_warned_of(
    visit, browser, address, tmp_path, picture, said
):
    picture.save(tmp_path / "own.png")
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.set_input_files("#portrait-file", tmp_path / "own.png")
    if said:
        expect(page.locator("#notice")).to_contain_text(said, timeout=120_000)
        return
    page.wait_for_function("Number(square.value) < 100", timeout=120_000)  # it has been examined
    expect(page.locator("#notice")).not_to_contain_text("distorts")


def test_a_picture_without_a_face_keeps_its_middle(visit, browser, address, tmp_path):
    Image.new("RGB", (600, 400), (120, 130, 140)).save(tmp_path / "grey.png")
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.set_input_files("#portrait-file", tmp_path / "grey.png")
    words = "No face was found in this picture. Set the square by hand."
    expect(page.locator("#notice")).to_have_text(words, timeout=120_000)
    assert page.input_value("#square") == "100"
