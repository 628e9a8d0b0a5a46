"""A link restores settings and examples, and nothing that a visitor has uploaded."""

from dataclasses import fields
from urllib.parse import parse_qsl

import gradio as gr
import pytest

from ostnet.ui import animate_inputs, examples, saved_inputs
from ostnet.ui.given import Given
from ostnet.ui.measurements import Measurements

CLIP = str(examples.CLIPS[-1].file)
FIRST = [examples.first(examples.PORTRAITS), examples.first(examples.CLIPS)]


@pytest.fixture(scope="module")
def linked(tmp_path_factory) -> animate_inputs.Components:
    with gr.Blocks():
        components, *_ = animate_inputs.build(Measurements(tmp_path_factory.mktemp("none")))
    assert list(components) == [field.name for field in fields(Given)], "handlers get this order"
    return saved_inputs.settings(components)


def restored(linked, query: str) -> tuple[list, dict]:
    """(portrait and clip, value of each setting)."""
    portrait, clip, *values = saved_inputs.restored(linked, dict(parse_qsl(query.lstrip("?"))))
    return [portrait, clip], dict(zip(linked, values, strict=True))


def test_what_goes_into_a_link_comes_out_of_it(linked):
    changed = {"zoom": 0.6, "compare": False, "size": "512", "pose": "driver"}
    values = {name: component.value for name, component in linked.items()} | changed
    link = saved_inputs.link(linked, "/uploads/me.jpg", CLIP, values.values())
    files, found = restored(linked, link)
    assert files == [FIRST[0], CLIP] and "uploads" not in link
    assert {name: found[name] for name in changed} == changed
    assert found["mark"] == gr.skip(), "as at the start"


def test_what_is_as_at_the_start_stays_out(linked):
    start = [component.value for component in linked.values()]
    assert saved_inputs.link(linked, None, None, start) == "?"
    files, found = restored(linked, "")
    assert files == FIRST, "a skip makes gradio's inputs anew"
    assert list(found.values()) == [gr.skip()] * len(linked)


def test_nonsense_in_a_link_is_the_start_or_the_nearest_possible(linked):
    query = "?clip=../../etc/passwd&zoom=9&compare=maybe&size=1&seconds=nan"
    files, found = restored(linked, query)
    assert files == FIRST
    assert (found["zoom"], found["compare"]) == (2, True)
    assert [found[name] for name in ("size", "seconds")] == [
        linked[name].value for name in ("size", "seconds")
    ]
