"""The page as a visitor uses it: camera, recording, long sessions, the second visit."""

import io

import numpy as np
import pytest
from live_page import frames_shown, wait_for_frames
from PIL import Image
from playwright.sync_api import Page, Route

from ostnet.media.video import probe, read_frames
from ostnet.ui import markup, text

pytestmark = pytest.mark.slow

KEPT = """Promise.all(ostnetSite.examples.driving.map((clip) => caches.match(clip)))
    .then((found) => found.filter(Boolean).length)"""
WIDTHS = """["result", "no_transform", "no_embedding", "neither"].map(
    (pane) => document.querySelector(`[data-pane=${pane}] canvas`).clientWidth)"""
MEMORY = "async () => (await performance.measureUserAgentSpecificMemory()).bytes"


def memory(page: Page) -> dict[str, int]:
    """Bytes that the page's scripts and its runtime hold."""
    return {"scripts": page.evaluate(MEMORY), **page.workers[0].evaluate("held()")}


def test_a_camera_drives_and_what_is_recorded_is_marked(visit, equipped, address, tmp_path):
    page = visit(equipped, permissions=["camera"])
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.click("#camera")
    wait_for_frames(page, 5)
    first = frames_shown(page)
    page.click("#record")
    page.wait_for_timeout(4_000)
    page.click("#record")
    shown = frames_shown(page) - first
    seen = page.evaluate("driver.getVideoPlaybackQuality().totalVideoFrames")
    assert 5 <= shown <= seen, "the newest frame each time, none twice"
    assert page.locator("#pace").text_content().endswith("ms each")
    assert page.locator("#mirror").is_checked(), "as in a mirror"

    with page.expect_download() as download:
        page.click("#recording a")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    frames = list(read_frames(file))
    assert len(frames) >= shown / 2 and frames[0].shape == (512, 512, 3)
    assert probe(file).duration > 2.5
    mark = frames[-1][474:498, 14:150]
    assert np.percentile(mark, 99) > 200 and np.median(mark) < 130, "white letters on dark"


def test_the_rectified_driver_is_computed_where_it_is_seen(visit, browser, address):
    """Its keypoints follow from the driver's, without a second detection."""
    page = visit(browser, viewport={"width": 390, "height": 800}, service_workers="block")
    page.route("**/modules/networks.js", _list_runs)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    wait_for_frames(page, 1)
    for place, graphs in (
        ("#start", ["detect", "align", "rectify", "move", "paint"]),
        ("#zoom", ["detect", "align", "move", "paint"]),
    ):
        page.locator(place).scroll_into_view_if_needed()
        page.wait_for_timeout(1000)  # until what is in view has been computed
        shown, _ = frames_shown(page), page.workers[0].evaluate("runs.length = 0")
        page.dispatch_event("#embedding", "change")
        wait_for_frames(page, shown + 1)
        assert page.workers[0].evaluate("runs") == graphs


def _list_runs(route: Route) -> None:
    answer, head = route.fetch(), "  run(name, tensors, wanted) {"
    assert head in answer.text()
    more = "\n    (globalThis.runs ??= []).push(name);"
    route.fulfill(response=answer, body=answer.text().replace(head, head + more))


def test_a_hundred_frames_leave_nothing_behind(visit, equipped, address):
    page = visit(equipped, watched=True, service_workers="block")
    page.set_default_timeout(300_000)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    page.wait_for_selector("#start:not([disabled])")
    page.click("#start")
    wait_for_frames(page, 20)
    before = memory(page)
    wait_for_frames(page, 120)
    after = memory(page)
    assert after["scripts"] < before["scripts"] + 1e6
    assert after["wasm"] == before["wasm"] > 0


def test_frames_that_come_while_one_is_computed_are_dropped(visit, browser, address):
    """So a result is never older than the computing time of two frames."""
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    most, ages, times = page.evaluate(
        """async () => {
          const { Live } = await import(new URL("modules/live.js", document.baseURI));
          let now = 0, most = 0, newest = performance.now();
          const ages = [], times = [];
          const camera = setInterval(() => { newest = performance.now(); }, 10);
          const live = new Live(async () => {
            const came = newest, started = performance.now();
            most = Math.max(most, ++now);
            await new Promise((done) => setTimeout(done, 200));
            now -= 1;
            ages.push(performance.now() - came);
            times.push(performance.now() - started);
            return true;
          }, () => {});
          live.start();
          await new Promise((done) => setTimeout(done, 2000));
          live.stop();
          clearInterval(camera);
          return [most, ages, times];
        }"""
    )
    assert most == 1 and 2 <= len(ages) <= 10
    assert max(ages) <= 2 * max(times)


def test_the_page_animates_at_once_and_opens_again_without_a_network(visit, browser, address):
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    wait_for_frames(page, 1)
    page.wait_for_function("document.documentElement.dataset.offline === 'ready'")
    assert page.evaluate(KEPT) == 1, "the clip that was played"
    page.context.set_offline(True)
    page.reload()
    assert page.evaluate("ostnet.ready") == {"backend": "wasm", "threads": 1}
    wait_for_frames(page, 1)


def test_the_clean_view_shows_the_result_alone(visit, browser, address):
    page = visit(browser, viewport={"width": 640, "height": 360})
    portrait = "portrait=examples/portraits/grace_hopper.jpg"
    page.goto(f"{address}tiny/?stage&background=00ff00&{portrait}&backend=wasm&threads=1")
    wait_for_frames(page, 3)
    corner, centre = colours(page, (5, 5), (320, 180))
    assert corner == (0, 255, 0) != centre
    assert page.evaluate("document.documentElement.scrollHeight") == 360
    for hidden in ("header > h1", "#start", "#pose", ".column", "[data-pane=source]", "#notice"):
        assert not page.locator(hidden).first.is_visible(), hidden

    page.goto(f"{address}tiny/?stage&portrait=../tiny/examples/portraits/grace_hopper.jpg")
    page.wait_for_selector("#notice:has-text('Add &consent to the address')")


def colours(page: Page, *places: tuple[int, int]) -> list[tuple[int, int, int]]:
    """RGB of the window's pixels at these places."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return [picture.getpixel(place) for place in places]


def test_what_is_chosen_is_shown(visit, browser, address):
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    wait_for_frames(page, 1)
    page.check("#all")
    assert page.locator("[data-pane=neither] canvas").is_visible()
    assert page.locator("#transform").is_disabled()
    page.fill("#zoom", "1")
    assert page.locator("#zoom-shown").text_content() == "2.00"

    page.focus("#portrait canvas")
    for key in ("-", "-", "-", "ArrowRight"):
        page.keyboard.press(key)
    assert 85 <= int(page.input_value("#square")) <= 88
    page.click("#start")
    assert page.locator("#start").text_content() == "Freeze"
    page.click("#start")
    assert page.locator("#start").text_content() == "Continue"


def test_an_own_picture_needs_consent(visit, browser, address, sites):
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    wait_for_frames(page, 1)
    page.set_input_files(
        "#portrait-file", sites / "tiny" / "examples" / "portraits" / "grace_hopper.jpg"
    )
    page.wait_for_selector("#consent input:not([disabled])")
    page.click("#start")
    assert "person in it must agree" in page.locator("#notice").text_content()
    shown = frames_shown(page)
    page.check("#consent input")
    page.click("#start")
    wait_for_frames(page, shown + 2)


def test_the_page_fits_its_window_in_light_and_dark(visit, browser, address):
    page = visit(browser)
    page.goto(f"{address}tiny/?backend=wasm&threads=1")
    wait_for_frames(page, 1)
    page.check("#all")
    for width in (390, 1360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert len(set(page.evaluate(WIDTHS))) == 1, "all four variants are equally large"
    for scheme, ground in (("light", "rgb(248, 250, 252)"), ("dark", "rgb(11, 17, 32)")):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


FITS = """() => {
  const frame = document.querySelector('iframe'), page = frame.contentDocument;
  return page?.querySelector('#start') && frame.clientHeight >= page.documentElement.scrollHeight
    && page.body.offsetHeight > innerHeight && frame.clientHeight < page.body.offsetHeight + 40;
}"""


def test_the_frame_in_tab_live_is_as_high_as_the_page_in_it(visit, browser, address):
    page = visit(browser, viewport={"width": 390, "height": 844})
    page.goto(address)
    page.set_content(text.LIVE.format(address=f"{address}tiny/"))
    script = markup.static("live_frame.js")
    page.evaluate("script => new Function('element', script)(document.body)", script)
    page.wait_for_function(FITS)
