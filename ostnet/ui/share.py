"""Links that restore the settings of the Animate tab, and never an uploaded file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import gradio as gr

from ostnet.ui import examples
from ostnet.ui.animate_handlers import HEAD_POSES, RESULT_SIZES, SCALE_WINDOWS
from ostnet.ui.inputs import MOST_SECONDS
from ostnet.ui.previews import FIRST_SECONDS


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
    pattern: str = ""
    """Of a text that can be anything else."""

    def read(self, text: str) -> object:
        """The value that a link gives; the start for anything that cannot be."""
        if isinstance(self.start, bool):
            return {"0": False, "1": True}.get(text, self.start)
        if self.pattern:
            return text if re.fullmatch(self.pattern, text) else self.start
        if self.choices:
            return next((one for one in self.choices if str(one) == text), self.start)
        try:
            return min(max(float(text), self.least), self.most)
        except ValueError:
            return self.start

    def write(self, value: object) -> str:
        """The value as it stands in a link."""
        return str(int(value)) if isinstance(value, bool) else str(value)


SETTINGS = [
    Setting("zoom", 1, least=0.4, most=2),
    Setting("seconds", FIRST_SECONDS, least=1, most=MOST_SECONDS),
    Setting("transform", True),
    Setting("embedding", True),
    Setting("compare", True),
    Setting("mark", False),
    Setting("size", next(iter(RESULT_SIZES)), tuple(RESULT_SIZES)),
    Setting("window", next(iter(SCALE_WINDOWS)), tuple(SCALE_WINDOWS)),
    Setting("pose", next(iter(HEAD_POSES)), tuple(HEAD_POSES)),
]
"""What a link restores, beside the example files."""


def written(settings: list[Setting], values: Iterable) -> dict[str, str]:
    """Name and text of what differs from its start."""
    return {
        setting.name: setting.write(value)
        for setting, value in zip(settings, values, strict=True)
        if value != setting.start
    }


def read(settings: list[Setting], texts: Mapping[str, str]) -> list:
    """The value of each setting; a skip for what stays as it is at the start."""
    return [
        setting.read(str(texts[setting.name])) if setting.name in texts else gr.skip()
        for setting in settings
    ]


def link(portrait: str | None, clip: str | None, values: Iterable) -> str:
    """The query of a link, ``?clip=...&zoom=...``; only shipped examples are named."""
    shown = (("portrait", portrait, examples.PORTRAITS), ("clip", clip, examples.CLIPS))
    stems = {key: (Path(path).stem if path else "", shelf) for key, path, shelf in shown}
    named = {key: stem for key, (stem, shelf) in stems.items() if examples.named(shelf, stem)}
    return "?" + urlencode(named | written(SETTINGS, values))


def restored(query: Mapping[str, str]) -> list:
    """What the link says of portrait, clip and each setting.

    Where it says nothing: the first example, and a skip. Not a skip for the portrait, for which
    gradio would make the input anew, without its own reading.
    """
    shelves = {"portrait": examples.PORTRAITS, "clip": examples.CLIPS}
    files = [
        examples.named(shown, query.get(name, "")) or examples.first(shown)
        for name, shown in shelves.items()
    ]
    return [*files, *read(SETTINGS, query)]
