"""What the browser cannot show is shown as a still, and animated all the same."""

import subprocess

import pytest
from PIL import Image
from pillow_heif import from_pillow

from ostnet.media.ffmpeg import ffmpeg

from .conftest import EXAMPLES, upload


@pytest.mark.parametrize("sound", [[], ["-an"]], ids=["with sound", "silent"])
def test_a_clip_that_the_browser_cannot_play(visit, short_clip, tmp_path, sound):
    clip = tmp_path / "phone.mp4"
    coded = ffmpeg("-v", "error", "-i", str(short_clip), "-c:v", "libx265", *sound, str(clip))
    subprocess.run(coded, check=True, capture_output=True)
    page = visit()
    assert page.locator("#driving-view .stand-in").is_hidden()
    upload(page, "#driving", clip)
    page.wait_for_selector("#estimate :text('6 frames')")
    page.wait_for_selector(
        "#driving-view .stand-in:text('Your browser cannot play this clip; "
        "it will be animated all the same.')"
    )
    assert page.locator("#driving video").get_attribute("poster").startswith("data:image/jpeg")
    page.wait_for_selector("#run:not([disabled])")
    page.locator("[aria-label='Example clips'] button").first.click()
    page.wait_for_selector("#driving-view .stand-in", state="hidden")


def test_a_picture_that_the_browser_cannot_show(visit, tmp_path):
    picture = tmp_path / "phone.heic"
    from_pillow(Image.open(EXAMPLES / "portraits" / "grace_hopper.jpg")).save(picture)
    page = visit()
    assert page.locator("#portrait-view .stand-in").is_hidden()
    upload(page, "#portrait", picture)
    page.wait_for_selector("#portrait-view .stand-in:text('Your browser cannot show this picture')")
    page.wait_for_function("document.querySelector('#portrait img').naturalWidth > 0")
