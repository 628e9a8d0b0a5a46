"""Messages to visitors."""

import pytest

from ostnet.ui.markup import note, without_paths


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("driving: no file '/tmp/gradio/my clips/a.mp4'; check", "driving: no file 'a.mp4'; check"),
        ("the encoder failed on /srv/x/y.mp4: see https://a.org/b/c",
         "the encoder failed on y.mp4: see https://a.org/b/c"),
        ("found /a/b/c.png or /d/e.png", "found c.png or e.png"),
        ("30000/1001 frames, 3/4/5", "30000/1001 frames, 3/4/5"),
    ],
)  # fmt: skip
def test_a_message_names_files_without_their_folders(message, shown):
    assert without_paths(message) == shown


def test_a_warning_on_the_page_shows_no_path():
    assert "/srv" not in note("checkpoint: '/srv/weights/mine' cannot be used", "warn")
