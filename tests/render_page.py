"""Make what depends on the embedded weights on and about the page: `python tests/render_page.py`.

The comparison that the page starts with (as `ostnet showcase` does), then examples/page.jpg, the
README's picture of the page, taken by Chromium.
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from ostnet.cli import main

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "examples" / "page.jpg"
WINDOW = {"width": 1360, "height": 860}
MOMENT = 3.0
"""Seconds into the comparison: the driver is nearest."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def photograph(url: str) -> None:
    """The page as it opens, with the comparison held at the moment that shows most."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = chromium.new_page(viewport=WINDOW)
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


def serve() -> tuple[subprocess.Popen, str]:
    """``python app.py`` on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=os.environ | settings | {"PYTHONPATH": str(ROOT)}
    )
    url = f"http://127.0.0.1:{port}/"
    while process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5)
            return process, url
        except urllib.error.URLError:
            time.sleep(0.2)
    raise SystemExit("the page did not start")


if __name__ == "__main__":
    if code := main(["showcase"]):
        raise SystemExit(code)
    served, address = serve()
    try:
        photograph(address)
    finally:
        served.terminate()
        served.wait(20)
    print(f"wrote {PICTURE}")
