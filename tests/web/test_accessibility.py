"""The page that computes in the browser, for screen readers and weak eyes; and what is dropped."""

import base64

import pytest
from axe import LOOKS, violations
from live_page import ROOT

CLIP = ROOT / "examples" / "driving" / "mid_1.0_audio.mp4"

DROP = """content => {
  const dataTransfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  dataTransfer.items.add(new File([bytes], 'me.mp4', {type: 'video/mp4'}));
  document.body.dispatchEvent(new DragEvent('drop', {dataTransfer, bubbles: true}));
}"""


@pytest.mark.parametrize("width, dark", LOOKS)
def test_the_page_does_not_violate_wcag(visit, browser, address, width, dark):
    scheme = "dark" if dark else "light"
    page = visit(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.wait_for_selector("#start:not([disabled])")
    page.click("#strengths summary")
    page.click("#paste")
    page.wait_for_selector("#notice:not([hidden])")
    assert violations(page) == []
    page.check("#pose [value=driver]")
    assert violations(page) == []


def test_a_clip_dropped_anywhere_drives(visit, browser, address):
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.wait_for_selector("#start:not([disabled])")
    page.wait_for_function("document.querySelector('#driver').videoWidth")
    before = page.evaluate("document.querySelector('#driver').src")
    page.evaluate(DROP, base64.b64encode(CLIP.read_bytes()).decode())
    page.wait_for_function("old => document.querySelector('#driver').src !== old", arg=before)
    page.wait_for_function("document.querySelector('#driver').videoWidth === 256")
    assert page.locator("#notice").is_hidden()
