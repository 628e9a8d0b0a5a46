"""A visitor drops files on the page, as most do first."""

import base64
from pathlib import Path

import pytest

from ostnet.ui.route_guard import SESSION

from .conftest import EXAMPLES

WRONG = "found neither a picture nor a clip by its name"

DROP = """(target, files) => {
  const dataTransfer = new DataTransfer();
  for (const [name, type, content] of files) {
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    dataTransfer.items.add(new File([bytes], name, {type}));
  }
  const settings = {dataTransfer, bubbles: true, cancelable: true, composed: true};
  const ignored = ['dragenter', 'dragover', 'drop'].filter(
    name => target.dispatchEvent(new DragEvent(name, settings)));
  return ignored.includes('drop'); // the browser would then open the file
}"""

TYPES = {".png": "image/png", ".mp4": "video/mp4", ".jpg": "image/jpeg", ".txt": "text/plain"}


def drop(page, where: str, *files: Path) -> None:
    """Drop files on an element, as a file manager does."""
    sent = [
        (file.name, TYPES[file.suffix], base64.b64encode(file.read_bytes()).decode())
        for file in files
    ]
    assert not page.locator(where).first.evaluate(DROP, sent)


def uploads(page) -> list:
    """The requests by which files are uploaded from now on."""
    sent = []
    page.on(
        "request",
        lambda one: sent.append(one) if one.method == "POST" and "/upload" in one.url else 0,
    )
    return sent


def wait_for_box(page, box: str, file: Path) -> None:
    """Wait until an input shows a file."""
    page.wait_for_function(
        "([box, name]) => decodeURIComponent("
        "document.querySelector(`#${box} :is(img, video)`)?.src ?? '').endsWith(`/${name}`)",
        arg=[box, file.name],
    )


@pytest.mark.parametrize("where", ["#portrait", "#driving img, #driving video", "#intro h1"])
def test_a_drop_anywhere_replaces_what_is_in_the_box_that_it_fits(
    visit, own_portrait, short_clip, where
):
    page = visit()
    drop(page, where, short_clip)
    wait_for_box(page, "driving", short_clip)
    page.wait_for_selector("#estimate :text('6 frames, 4 variants each')")
    drop(page, where, own_portrait)
    wait_for_box(page, "portrait", own_portrait)
    page.wait_for_selector("#portrait-view .canvas[data-size='512,512']")
    page.wait_for_selector("#run:not([disabled])")
    assert page.locator("#drops .veil").is_hidden() and len(page.context.pages) == 1


def test_a_wrong_kind_is_refused_in_words_and_not_sent(visit, own_portrait, tmp_path):
    page = visit()
    sent = uploads(page)
    letter = tmp_path / "letter.txt"
    letter.write_text("no picture")
    drop(page, "#portrait", letter)
    page.wait_for_selector(f".toast-body :text('letter.txt: {WRONG}')")
    wait_for_box(page, "portrait", EXAMPLES / "portraits" / "eileen_collins.jpg")
    assert sent == []
    drop(page, "#driving", letter, own_portrait)
    wait_for_box(page, "portrait", own_portrait)


def test_further_files_become_further_pairs(visit, own_portrait, short_clip):
    page = visit()
    other = EXAMPLES / "portraits" / "grace_hopper.jpg"
    drop(page, "#portrait", own_portrait, other, short_clip)
    page.wait_for_selector(f".toast-body :text('{other.name}')")  # for ten seconds
    wait_for_box(page, "portrait", own_portrait)
    wait_for_box(page, "driving", short_clip)
    page.wait_for_selector("#estimate :text('2 pairs in all')")


def test_a_box_for_further_files_takes_what_is_dropped_on_it(visit, own_portrait):
    page = visit()
    page.get_by_text("More portraits or clips, a still driver").click()
    drop(page, "#more", own_portrait)
    page.wait_for_selector("#estimate :text('2 pairs in all')")
    drop(page, "#still", own_portrait)
    page.wait_for_selector("#estimate :text('1 frames')")
    wait_for_box(page, "portrait", EXAMPLES / "portraits" / "eileen_collins.jpg")


def test_a_drop_on_another_tab_opens_the_tab_of_the_inputs(visit, own_portrait):
    page = visit()
    page.get_by_role("tab", name="About").click()
    drop(page, "#diagram", own_portrait)
    wait_for_box(page, "portrait", own_portrait)
    assert page.locator("#portrait").is_visible()


def test_every_upload_names_its_session(visit, own_portrait, short_clip):
    page = visit()
    sent = uploads(page)
    drop(page, "#portrait", own_portrait)
    wait_for_box(page, "portrait", own_portrait)
    page.locator("#driving button[aria-label=Clear]").click()
    page.locator("#driving input[type=file]").set_input_files(short_clip)
    wait_for_box(page, "driving", short_clip)
    sessions = {request.headers.get(SESSION) for request in sent}
    assert len(sent) == 2 and len(sessions) == 1 and all(sessions)
