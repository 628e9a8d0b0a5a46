"""Render what the page shows of the embedded weights.

    PYTHONPATH=tests python tests/tools/render_page.py

Renders examples/showcase, then takes the README's picture of the page, examples/page.jpg, with
Chromium.
"""

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright
from running_page import ROOT, running_page
from tools import make_showcase

PICTURE = ROOT / "examples" / "page.jpg"
WINDOW = {"width": 1360, "height": 860}
MOMENT = 4.6
"""Seconds into the comparison: the driver is far away, and the variants differ."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def photograph(url: str) -> None:
    """Save a picture of the page as it opens, with the comparison paused at ``MOMENT``."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = chromium.new_page(viewport=WINDOW)
        page.set_default_timeout(120_000)
        page.goto(url)
        page.wait_for_selector("#run:not([disabled])")
        page.wait_for_selector("#driving-view figure")
        page.wait_for_function("document.querySelector('#grid video').readyState >= 2")
        page.evaluate(
            "at => { const video = document.querySelector('#grid video'); video.pause();"
            " video.controls = false; video.currentTime = at; }",
            MOMENT,
        )
        page.wait_for_timeout(1500)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.save(PICTURE, quality=80, optimize=True, progressive=True)
        chromium.close()


if __name__ == "__main__":
    make_showcase.main()
    with TemporaryDirectory() as cache, running_page(Path(cache)) as server:
        photograph(server.url)
    print(f"wrote {PICTURE}")
