"""The Live tab: the page that computes in the visitor's browser, where it has been exported."""

import os
from pathlib import Path

import gradio as gr

from ostnet.hub.space import LIVE

VARIABLE = "OSTNET_WEB"
"""Environment variable with the folder that ``ostnet export --format web`` wrote."""

_BESIDE = Path(__file__).resolve().parents[2] / LIVE
_HOW = f"""A page that computes in the visitor's own browser, with webcam, was not exported here:
`ostnet export --format web --output {LIVE}` beside `app.py`, or into the folder that the
environment variable `{VARIABLE}` names, then start this page again."""


def build() -> None:
    """The exported page in a frame, or how to export it."""
    folder = Path(os.environ.get(VARIABLE, "").strip() or _BESIDE).expanduser().resolve()
    if not (folder / "site.js").is_file():
        gr.Markdown(_HOW)
        return
    gr.set_static_paths([folder])
    address = f"/gradio_api/file={folder.as_posix()}/index.html"
    gr.HTML(
        f'<p><a href="{address}" target="_blank">Open it in a tab of its own</a>: it may be faster '
        "there. Nothing is uploaded.</p>"
        f'<iframe src="{address}" title="Live" loading="lazy" allow="camera; fullscreen; '
        'clipboard-read" style="width: 100%; height: 1100px; border: 0"></iframe>'
    )
