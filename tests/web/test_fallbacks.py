"""Missing devices and features are reported, and the page uses the others."""

import re

import pytest
from live_page import frames_shown, serving, wait_for_frames
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow


def says(page: Page, words: str) -> None:
    """The page's notice holds these words, or soon will."""
    expect(page.locator("#notice")).to_contain_text(words, timeout=120_000)


def test_without_webgpu_the_processor_computes(visit, browser, address):
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=webgpu")
    assert page.evaluate("ostnet.ready.then(({ backend }) => backend)") == "wasm"
    says(page, "WebGPU")
    says(page, "the processor computes")
    expect(page.locator("#backend")).to_have_text(
        re.compile(r"Processor \(WebAssembly\), \d thread")
    )
    wait_for_frames(page, 1)


def test_a_server_that_does_not_isolate_the_page_leaves_one_thread_till_the_next_visit(
    visit, browser, sites
):
    with serving(sites / "tiny", {}) as address:
        page = visit(browser)
        page.goto(f"{address}?backend=wasm&threads=2")
        assert page.evaluate("ostnet.ready") == {"backend": "wasm", "threads": 1}
        says(page, "One thread only")
        says(page, "Reload this page; it may then use several threads.")
        page.reload()
        assert page.evaluate("ostnet.ready") == {"backend": "wasm", "threads": 2}


def test_in_a_page_that_is_not_isolated_it_offers_its_own_window(visit, browser, sites):
    around = "<iframe src='index.html?backend=wasm&threads=2'></iframe>"
    with serving(sites / "tiny", {}) as address:
        page = visit(browser)
        answer = {"content_type": "text/html", "body": around}
        page.route("**/around.html", lambda route: route.fulfill(**answer))
        page.goto(f"{address}around.html")
        notice = page.frame_locator("iframe").locator("#notice")
        expect(notice).to_contain_text("One thread only", timeout=120_000)
        link = notice.get_by_role("link", name="Open the page in its own window")
        expect(link).to_have_attribute("href", f"{address}index.html?backend=wasm&threads=2")


def test_a_graphics_card_that_goes_away_is_replaced_by_the_processor(visit, browser, address):
    page = visit(browser)
    page.goto(f"{address}tiny/?threads=1")
    page.wait_for_selector("#start:not([disabled])")
    page.click("#start")
    wait_for_frames(page, 3)
    page.workers[0].evaluate("postMessage({ what: 'lost', value: 'as a lost device says' })")
    says(page, "The graphics card stopped computing. The processor continues.")
    expect(page.locator("#backend")).to_contain_text("Processor", timeout=120_000)
    wait_for_frames(page, frames_shown(page) + 3)


def test_a_camera_that_is_denied_or_missing(visit, browser, equipped, address):
    for chromium, words in ((equipped, "camera is blocked"), (browser, "No camera was found")):
        page = visit(chromium)
        page.goto(f"{address}tiny/?backend=wasm&threads=1")
        page.click("#camera")
        says(page, words)
        wait_for_frames(page, 1)  # of the example, which stays


def test_a_phone_held_upright(visit, browser, address):
    page = visit(browser, viewport={"width": 390, "height": 800})
    page.add_init_script(
        """navigator.mediaDevices.getUserMedia = async () => {
          const canvas = Object.assign(document.createElement("canvas"), {width: 240, height: 320});
          const context = canvas.getContext("2d");
          setInterval(() => context.fillRect(0, 0, 240, 320), 30);
          return canvas.captureStream(30);
        };"""
    )
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.click("#camera")  # while the example is still loading, which then comes too late
    says(page, "The camera is upright: the middle square of its picture is used.")
    wait_for_frames(page, 3)


def test_a_tab_in_the_background_rests(visit, browser, address):
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.wait_for_selector("#start:not([disabled])")
    page.click("#start")
    wait_for_frames(page, 3)
    turn = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(turn, True)
    page.wait_for_function("driver.paused")
    shown = frames_shown(page)
    page.wait_for_timeout(2000)
    more = frames_shown(page) - shown
    assert more <= 2, "no more than the frame in work and the one at which the driver stopped"
    page.evaluate(turn, False)
    says(page, "Paused while this tab was in the background.")
    wait_for_frames(page, shown + 5)


def test_files_that_cannot_be_used(visit, browser, address, sites, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    page = visit(browser)
    page.add_init_script("delete globalThis.MediaRecorder")
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.set_input_files("#portrait-file", broken)
    says(page, "The browser cannot read this picture")
    page.set_input_files("#driver-file", broken)
    says(page, "This clip cannot be played here")
    page.set_input_files("#driver-file", sites / "tiny/examples/driving/expressions_webcam.mp4")
    page.wait_for_selector("#start:not([disabled])")
    page.click("#start")
    page.click("#record")
    says(page, "This browser cannot record")


def test_what_is_said_of_a_picture_stays_when_the_clip_comes_late(
    visit, browser, address, tmp_path
):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    page, waiting = visit(browser), []
    page.route("**/driving/*.mp4", lambda route: waiting.append(route))
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.set_input_files("#portrait-file", broken)
    says(page, "The browser cannot read this picture")
    for route in waiting:
        route.continue_()
    page.unroute("**/driving/*.mp4")
    page.wait_for_selector("#driver-examples [aria-pressed=true]", timeout=120_000)
    says(page, "The browser cannot read this picture")
