"""The portraits and clips that come with the project."""

import html
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ostnet.animation.showcase import DRIVING, EXAMPLES, FOLDER, PORTRAIT

_NAMES = {
    "approaching_webcam": "comes near and goes far",
    "expressions_webcam": "smiles, opens the mouth",
    "mid_1.0_audio": "drawn, with sound",
    "eileen_collins": "Eileen Collins",
    "grace_hopper": "Grace Hopper",
}


@dataclass(frozen=True)
class Example:
    """A file that fills an input at a click."""

    file: Path

    @property
    def name(self) -> str:
        """Return the name on the page."""
        return _NAMES.get(self.file.stem, self.file.stem.replace("_", " "))


def _found(pattern: str, first: Path) -> list[Example]:
    files = sorted(EXAMPLES.glob(pattern), key=lambda file: (file != first, file.name))
    return [Example(file) for file in files]


PORTRAITS = _found("portraits/*.*", PORTRAIT)
CLIPS = _found("driving/*.mp4", DRIVING)
"""The page starts with the first of each; an installed package has none."""


def shelf(shown: list[Example], label: str) -> str:
    """Return the examples as HTML: numbered buttons with thumbnails."""
    buttons = "".join(
        f'<button type="button" data-index="{index}">'
        f'<img src="gradio_api/file={quote(str(FOLDER / (one.file.stem + ".jpg")))}" alt="">'
        f"<span>{html.escape(one.name)}</span></button>"
        for index, one in enumerate(shown)
    )
    return f'<div class="shelf" role="group" aria-label="{html.escape(label)}">{buttons}</div>'


def first(shown: list[Example]) -> str | None:
    """Return the file of the first example; None where there is none."""
    return str(shown[0].file) if shown else None


def shipped(path: str | None) -> bool:
    """Return whether a file is an example, and not a visitor's own."""
    return path is not None and Path(path).is_relative_to(EXAMPLES)


def shipped_file(path: str | None) -> str | None:
    """Return the example that ``path`` is, or is Gradio's copy of; None where it is none."""
    stem = Path(path).stem if path else ""
    return named(PORTRAITS, stem) or named(CLIPS, stem)


def named(shown: list[Example], stem: str) -> str | None:
    """Return the file of the example whose file name without suffix is ``stem``, or None."""
    return next((str(one.file) for one in shown if one.file.stem == stem), None)
