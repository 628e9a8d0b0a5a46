"""The last inputs survive a reload: the visitor's own browser remembers them."""

from urllib.parse import urlencode

import gradio as gr
from gradio.events import Dependency

from ostnet.ui import examples, previews, share
from ostnet.ui.animate_inputs import Inputs
from ostnet.ui.engine import PRIVATE
from ostnet.ui.visitors import VISITORS

SQUARES = [
    share.Setting("square", next(iter(previews.CROPS)), tuple(previews.CROPS)),
    share.Setting("face", 1, least=1, most=99),
    share.Setting("drawn", "", pattern=r"-?\d+,-?\d+,\d+"),
    share.Setting("clip_square", next(iter(previews.CLIP_CROPS)), tuple(previews.CLIP_CROPS)),
    share.Setting("clip_face", 1, least=1, most=99),
    share.Setting("clip_drawn", "", pattern=r"-?\d+,-?\d+,\d+"),
]
"""What belongs to the visitor's own files, so that no link has it."""


def connect(page: gr.Blocks, inputs: Inputs) -> Dependency:
    """Remember every change; when the page opens, fill the inputs in as they were.

    Or as the link says, where the page was opened by another one than then. Returns what follows
    the opening.
    """
    settings = [*share.SETTINGS, *SQUARES]
    squares = [*inputs.portrait[1:], *inputs.driving[2:]]
    values = [*inputs.shared, *squares]
    files = [inputs.portrait[0], inputs.driving[0], inputs.more]
    browser = gr.BrowserState(None, storage_key="ostnet-inputs", secret="ostnet")  # no secret in it

    def keep(request: gr.Request, portrait, driving, more, *values) -> dict:
        visitor = VISITORS.get(request.session_hash, portrait, driving, *(more or []))
        return {
            "visitor": visitor.token,
            "files": [portrait, driving, more or []],
            "settings": share.written(settings, values),
            "opened": _query(request),
        }

    def restore(kept, request: gr.Request) -> list:
        if not _is_of(kept, request):
            made = share.restored(request.query_params)
            return [*made[:2], gr.skip(), *made[2:], *[gr.skip()] * len(SQUARES)]
        return [*_files(kept, request), *share.read(settings, kept["settings"])]

    gr.on(
        [component.change for component in [*files, *values]],
        keep, [*files, *values], browser,
        trigger_mode="always_last", queue=False, show_progress="hidden", **PRIVATE,
    )  # fmt: skip
    return page.load(restore, browser, [*files, *values], show_progress="hidden", **PRIVATE)


def _files(kept: dict, request: gr.Request) -> list:
    """Portrait, clip, more; of what is gone, the first example."""

    def there(path: str | None, shown: list[examples.Example]) -> str | None:
        mine = VISITORS.inherited(request.session_hash, kept["visitor"], path)
        return mine or examples.shipped_file(path) or examples.first(shown)

    portrait, driving, more = kept["files"]
    mine = [VISITORS.inherited(request.session_hash, kept["visitor"], path) for path in more]
    return [
        there(portrait, examples.PORTRAITS),
        there(driving, examples.CLIPS),
        [path for path in mine if path] or gr.skip(),
    ]


def _is_of(kept: object, request: gr.Request) -> bool:
    """Whether a browser's memory is whole, and of the address that was opened now."""
    try:
        portrait, driving, more = kept["files"]
        return (
            kept["opened"] == _query(request)
            and isinstance(kept["settings"], dict)
            and all(isinstance(text, str) for text in [kept["visitor"], *more])
            and all(isinstance(path, str | None) for path in (portrait, driving))
        )
    except (TypeError, KeyError, ValueError):
        return False


def _query(request: gr.Request) -> str:
    return urlencode(dict(request.query_params))
