"""Inputs that are restored: from a link, and after a reload from the browser's storage.

Components are read and written by their own start values, ranges and choices. A link never names an
uploaded file.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from gradio.events import Dependency

from ostnet.ui import examples
from ostnet.ui.animate_inputs import Components
from ostnet.ui.engine import PRIVATE
from ostnet.ui.visitors import VISITORS

FILES = ("portrait", "clip", "more")

NOT_IN_LINKS = ("square", "face", "drawn", "clip_square", "clip_face", "clip_drawn")
"""Inputs that belong to the visitor's own files."""

SHELVES = {"portrait": examples.PORTRAITS, "clip": examples.CLIPS}


def settings(components: Components) -> Components:
    """Return the components of a link: all but files and what belongs to them."""
    left_out = (*FILES, *NOT_IN_LINKS, "faces", "columns")
    return {name: one for name, one in components.items() if name not in left_out}


def written(components: Components, values: Iterable) -> dict[str, str]:
    """Return name and text of each value that differs from its component's start value."""
    return {
        name: str(int(value)) if isinstance(value, bool) else str(value)
        for (name, component), value in zip(components.items(), values, strict=True)
        if value != component.value
    }


def read(components: Components, texts: Mapping[str, str]) -> list:
    """Return the value of each component; a skip for those without a text."""
    return [
        _value(component, str(texts[name])) if name in texts else gr.skip()
        for name, component in components.items()
    ]


def _value(component: Any, text: str) -> Any:
    """Return the value that a text gives; the start value for anything impossible."""
    start = component.value
    if isinstance(component, gr.Checkbox):
        return {"0": False, "1": True}.get(text, start)
    if isinstance(component, gr.Textbox):
        return text if re.fullmatch(r"-?\d+,-?\d+,\d+", text) else start
    if isinstance(component, gr.Radio | gr.Dropdown):
        return next((value for _, value in component.choices if str(value) == text), start)
    number = float(text) if re.fullmatch(r"-?\d*\.?\d+", text) else start
    return min(max(number, component.minimum), component.maximum)


def link(components: Components, portrait: str | None, clip: str | None, values: Iterable) -> str:
    """Return the query of a link, ``?clip=...&zoom=...``; only shipped examples are named."""
    stems = {"portrait": Path(portrait or "").stem, "clip": Path(clip or "").stem}
    named = {key: stem for key, stem in stems.items() if examples.named(SHELVES[key], stem)}
    return "?" + urlencode(named | written(components, values))


def restored(components: Components, query: Mapping[str, str]) -> list:
    """Return portrait, clip and each setting by a link.

    What the link lacks: the first example, and a skip for a setting. After a skip for the portrait
    Gradio would replace it by an input without the patch of `picture_file`.
    """
    files = [
        examples.named(shown, query.get(name, "")) or examples.first(shown)
        for name, shown in SHELVES.items()
    ]
    return [*files, *read(components, query)]


def connect(page: gr.Blocks, components: Components) -> Dependency:
    """Save every change in the browser; when the page opens, restore the inputs.

    A link that was not opened before takes precedence. Returns the event of opening the page.
    """
    linked = settings(components)
    saved = linked | {name: components[name] for name in NOT_IN_LINKS}
    inputs = [*(components[name] for name in FILES), *saved.values()]
    browser = gr.BrowserState(None, storage_key="ostnet-inputs", secret="ostnet")  # not secret

    def keep(request: gr.Request, portrait, clip, more, *values) -> dict:
        visitor = VISITORS.get(request.session_hash, portrait, clip, *(more or []))
        return {
            "visitor": visitor.token,
            "files": [portrait, clip, more or []],
            "settings": written(saved, values),
            "opened": _query(request),
        }

    def restore(kept: Any, request: gr.Request) -> list:
        if not _is_of(kept, request):
            portrait, clip, *values = restored(linked, dict(request.query_params))
            return [portrait, clip, gr.skip(), *values, *[gr.skip()] * len(NOT_IN_LINKS)]
        return [*_files(kept, request), *read(saved, kept["settings"])]

    gr.on(
        [component.change for component in inputs], keep, inputs, browser,
        trigger_mode="always_last", queue=False, show_progress="hidden", **PRIVATE,
    )  # fmt: skip
    return page.load(restore, browser, inputs, show_progress="hidden", **PRIVATE)


def _files(kept: dict, request: gr.Request) -> list:
    """Return portrait, clip and further files; the first example for what is deleted."""

    def own(path: str | None) -> str | None:
        return VISITORS.inherited(request.session_hash, kept["visitor"], path)

    portrait, clip, more = kept["files"]
    return [
        own(portrait) or examples.shipped_file(portrait) or examples.first(examples.PORTRAITS),
        own(clip) or examples.shipped_file(clip) or examples.first(examples.CLIPS),
        [path for path in map(own, more) if path] or gr.skip(),
    ]


def _is_of(kept: Any, request: gr.Request) -> bool:
    """Return whether what a browser has saved is complete, and of the address opened now."""
    try:
        portrait, clip, more = kept["files"]
        return (
            kept["opened"] == _query(request)
            and isinstance(kept["settings"], dict)
            and all(isinstance(text, str) for text in [kept["visitor"], *more])
            and all(isinstance(path, str | None) for path in (portrait, clip))
        )
    except (TypeError, KeyError, ValueError):
        return False


def _query(request: gr.Request) -> str:
    return urlencode(dict(request.query_params))
