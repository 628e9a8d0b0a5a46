"""Links that restore the settings of the Animate tab, and never an uploaded file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import gradio as gr

from ostnet.ui import examples


@dataclass(frozen=True)
class Setting:
    """One component of a link; a link only holds what differs from the component's start."""

    name: str
    """In the link."""
    start: object
    choices: tuple = field(default=())
    """Where only these are possible."""
    least: float = 0
    most: float = 0
    """Of a number."""

    def read(self, text: str) -> object:
        """The value that a link gives; the start for anything that cannot be."""
        if isinstance(self.start, bool):
            return {"0": False, "1": True}.get(text, self.start)
        if self.choices:
            return next((one for one in self.choices if str(one) == text), self.start)
        try:
            return min(max(float(text), self.least), self.most)
        except ValueError:
            return self.start

    def write(self, value: object) -> str:
        """The value as it stands in a link."""
        return str(int(value)) if isinstance(value, bool) else str(value)


def link(settings: list[Setting], portrait: str | None, clip: str | None, values: list) -> str:
    """The query of a link, ``?clip=...&zoom=...``; only shipped examples are named."""
    pairs = {}
    for key, path, shelf in (("portrait", portrait, examples.PORTRAITS),
                             ("clip", clip, examples.CLIPS)):  # fmt: skip
        stem = Path(path).stem if path else ""
        if examples.named(shelf, stem):
            pairs[key] = stem
    for setting, value in zip(settings, values, strict=True):
        if value != setting.start:
            pairs[setting.name] = setting.write(value)
    return "?" + urlencode(pairs)


def restored(settings: list[Setting], query: Mapping[str, str]) -> list:
    """What the link says of portrait, clip and each setting.

    Where it says nothing: the first example, and a skip. Not a skip for the portrait, for which
    gradio would make the input anew, without its own reading.
    """
    shelves = {"portrait": examples.PORTRAITS, "clip": examples.CLIPS}
    files = [
        examples.named(shown, query.get(name, "")) or examples.first(shown)
        for name, shown in shelves.items()
    ]
    values = [
        setting.read(query[setting.name]) if setting.name in query else gr.skip()
        for setting in settings
    ]
    return [*files, *values]
