"""A visitor uploads, chooses, runs, watches, downloads, stops."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image
from playwright.sync_api import Error

from ostnet.media.compose import GAP, strip_height
from ostnet.media.crop import source_crop
from ostnet.media.video import read_image

from .conftest import run, upload, video


def test_the_page_answers_soon_and_says_which_weights_it_runs(server, visit):
    code = "import gradio, time; print(time.process_time())"  # machines differ by a factor of three
    gradio_alone = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert server.seconds < 2.5 * float(gradio_alone.stdout)
    assert "ostnet-lite" in visit().locator("#weights").inner_text()


def test_upload_run_watch_and_download(visit, own_portrait, short_clip):
    page = visit()
    upload(page, "#portrait", own_portrait)
    upload(page, "#driving", short_clip)
    page.wait_for_selector("#estimate :text('6 frames, 4 variants each')")
    run(page)

    grid = video(page, "#grid")
    assert "/visitor-" in grid["url"]  # and no longer the comparison at first sight
    side = source_crop(read_image(own_portrait))[0].size
    side -= side % 2
    expected = 4 * (side + GAP) - GAP, 2 * (strip_height(side) + side) + GAP
    assert (grid["width"], grid["height"]) == expected
    assert grid["seconds"] == pytest.approx(0.24, abs=0.06)
    single = video(page, "#single")
    assert single["width"] == single["height"] == side
    assert page.locator("#chart polyline").count() == 6
    assert "no scale transform" in page.locator("#chart .keys").inner_text()
    assert page.locator("#numbers tbody tr").count() == 4
    assert "Nearest to the portrait's size" in page.locator("#headline").inner_text()

    with page.expect_download() as download:
        page.click("#zip")
    names = ZipFile(download.value.path()).namelist()
    assert {"full.mp4", "neither.mp4", "grid.mp4", "trace.json"} <= set(names)
    with page.expect_download() as download:
        page.locator("#files a[download*=trace]").first.click()
    assert len(json.loads(Path(download.value.path()).read_text())["frames"]) == 6

    page.click("#paste")
    pasted = video(page, "#pasted")
    assert (pasted["width"], pasted["height"]) == Image.open(own_portrait).size


@pytest.mark.parametrize("by_keys", [False, True])
def test_a_run_can_be_stopped_and_keeps_what_was_made(visit, by_keys):
    page = visit()
    page.keyboard.press("Control+Enter") if by_keys else page.click("#run")
    page.wait_for_selector("#status progress")
    page.wait_for_selector("#status figure")
    page.keyboard.press("Escape") if by_keys else page.click("#stop")
    page.wait_for_selector("#results", state="visible")
    page.wait_for_selector("#status :text('Stopped:')")
    assert 0 < video(page, "#grid")["seconds"] < 4
    page.wait_for_selector("#run:not([disabled])")


def test_wrong_files_are_answered_in_plain_words(visit, tmp_path):
    page = visit()
    page.locator(".shelf button").first.click()  # an example before, as visitors do
    for where, name, answer in (
        ("#portrait", "letter.png", "not a readable picture"),
        ("#driving", "letter.mp4", "contains no readable video"),
    ):
        wrong = tmp_path / name
        wrong.write_text("not a picture")
        upload(page, where, wrong)
        page.wait_for_selector(f"{where}-view :text('{answer}')")
        page.wait_for_selector("#run[disabled]")


def test_two_visitors_at_once_never_see_each_others_files(visit, server, short_clip):
    ann, bob = visit(), visit()
    for page in (ann, bob):
        upload(page, "#driving", short_clip)
        page.wait_for_selector("#estimate :text('6 frames')")
    ann.click("#run")
    run(bob)
    ann.wait_for_selector("#results", state="visible")
    urls = [video(page, "#grid")["url"] for page in (ann, bob)]
    folders = {url.split("/visitor-")[1].split("/")[0] for url in urls}
    assert len(folders) == 2
    assert urls[0] not in bob.content() and urls[1] not in ann.content()

    ann.close()  # her results are deleted, his stay
    for _ in range(100):
        # A file deleted while it is sent breaks the connection off: then ask once more.
        with contextlib.suppress(Error):
            if bob.request.get(urls[0]).status in (403, 404):
                break
        bob.wait_for_timeout(100)
    assert [bob.request.get(url).ok for url in urls] == [False, True]
