"""A link restores settings and examples, and nothing that a visitor has uploaded."""

from urllib.parse import parse_qsl

import gradio as gr

from ostnet.ui import examples, share

CLIP = str(examples.CLIPS[-1].file)
FIRST = [examples.first(examples.PORTRAITS), examples.first(examples.CLIPS)]
START = [setting.start for setting in share.SETTINGS]
NAMES = [setting.name for setting in share.SETTINGS]


def restored(query: str) -> tuple[list, dict]:
    """(portrait and clip, value of each setting)."""
    portrait, clip, *values = share.restored(dict(parse_qsl(query.lstrip("?"))))
    return [portrait, clip], dict(zip(NAMES, values, strict=True))


def test_what_goes_into_a_link_comes_out_of_it():
    values = dict(zip(NAMES, START, strict=True)) | {
        "zoom": 0.6, "compare": False, "size": "512", "pose": "driver",
    }  # fmt: skip
    link = share.link("/uploads/me.jpg", CLIP, values.values())
    files, found = restored(link)
    assert files == [FIRST[0], CLIP] and "uploads" not in link
    assert {name: found[name] for name in ("zoom", "compare", "size", "pose")} == {
        "zoom": 0.6, "compare": False, "size": "512", "pose": "driver",
    }  # fmt: skip
    assert found["mark"] == gr.skip(), "as at the start"


def test_what_is_as_at_the_start_stays_out():
    assert share.link(None, None, START) == "?"
    files, found = restored("")
    assert files == FIRST, "a skip makes gradio's inputs anew"
    assert list(found.values()) == [gr.skip()] * len(START)


def test_nonsense_in_a_link_is_the_start_or_the_nearest_possible():
    files, found = restored("?clip=../../etc/passwd&zoom=9&compare=maybe&size=1")
    assert files == FIRST
    assert (found["zoom"], found["compare"], found["size"]) == (2, True, START[NAMES.index("size")])
