"""A link restores settings and examples, and nothing that a visitor has uploaded."""

from urllib.parse import parse_qsl

import gradio as gr

from ostnet.ui import examples, share

SETTINGS = [
    share.Setting("zoom", 1, least=0.4, most=2),
    share.Setting("compare", True),
    share.Setting("size", "256", ("256", "512")),
]
CLIP = str(examples.CLIPS[-1].file)
FIRST = [examples.first(examples.PORTRAITS), examples.first(examples.CLIPS)]


def restored(query: str) -> list:
    return share.restored(SETTINGS, dict(parse_qsl(query.lstrip("?"))))


def test_what_goes_into_a_link_comes_out_of_it():
    link = share.link(SETTINGS, "/uploads/me.jpg", CLIP, [0.6, False, "512"])
    portrait, clip, *values = restored(link)
    assert (clip, values) == (CLIP, [0.6, False, "512"])
    assert portrait == FIRST[0] and "me" not in link.replace("compare", "").replace("name", "")


def test_what_is_as_at_the_start_stays_out():
    assert share.link(SETTINGS, None, None, [1, True, "256"]) == "?"
    assert restored("") == [*FIRST, *[gr.skip()] * 3], "a skip makes gradio's inputs anew"


def test_nonsense_in_a_link_is_the_start_or_the_nearest_possible():
    _, clip, *values = restored("?clip=../../etc/passwd&zoom=9&compare=maybe&size=1")
    assert clip == FIRST[1]
    assert values == [2, True, "256"]
