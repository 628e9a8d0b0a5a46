"""The changes to Gradio's own functions and pages, for which Gradio has no setting.

``tests/ui/test_gradio_patches.py`` fails when a new version of Gradio changes what is patched here.
"""

import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import gradio as gr
import safehttpx
from gradio import networking, processing_utils
from gradio.data_classes import ImageData
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ostnet.ui.visitors import cache_folder

FILE_ROUTE = "/gradio_api/file="
"""The part before a file's path in the addresses under which Gradio serves files."""

PROGRAM = b"<gradio-app"
"""Start of the document's element that Gradio's program fills."""


def block_outbound() -> None:
    """Stop this process from requesting addresses that visitors give.

    Gradio downloads an input that is given as an address, and serves any address through its route
    for files; both use two functions of safehttpx. An address of a file that was uploaded to this
    page is replaced by its path: agents upload a file first and then give its address.
    """
    safehttpx.get = safehttpx.async_validate_url = _refuse
    processing_utils.async_ssrf_protected_download = _find_upload


def keep_clips() -> None:
    """Show clips as they are.

    Gradio would convert those that not every browser plays, with an ffmpeg without limits.
    """
    processing_utils.video_is_playable = lambda path: True


async def _find_upload(url: str, cache_dir: str) -> str:
    return uploaded_file(url) or await _refuse()


async def _refuse(*arguments: object, **options: object) -> NoReturn:
    raise gr.Error("This page opens no addresses. Upload the file instead.", print_exception=False)


def uploaded_file(address: str) -> str | None:
    """Return the file in Gradio's cache that an address of this page names; None for any other."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or FILE_ROUTE not in parts.path:
        return None
    path = Path(unquote(parts.path.split(FILE_ROUTE, 1)[1])).resolve()
    mine = path.is_relative_to(cache_folder().resolve()) and path.is_file()
    return str(path) if mine else None


def picture_file(value: str | None, **settings) -> gr.Image:
    """Return an Image component that passes on the file as it was uploaded.

    Gradio's own would decode it in this process, with its own error message, and apply the
    orientation. (A subclass would make Gradio write an interface file into this folder.)
    """
    picture = gr.Image(value, type="filepath", **settings)
    picture.preprocess = _path
    return picture


def _path(payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path


class InsertHtml:
    """Inserts HTML into the document, as middleware, before the element that Gradio fills.

    Launch's option ``head`` does not do that: Gradio's program inserts it once it is loaded.

    Args:
        app: the application that answers.
        html: the HTML to insert.
    """

    def __init__(self, app: ASGIApp, html: str):
        self.app, self.html = app, html.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a document is buffered until it is complete, then changed."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            return await self.app(scope, receive, send)
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, hold)
        start, *parts = messages
        body = b"".join(part.get("body", b"") for part in parts)
        body = body.replace(PROGRAM, self.html + PROGRAM, 1)
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await send(start)
        await send({"type": "http.response.body", "body": body})


def skip_self_test() -> None:
    """Let the page start on a busy machine.

    Gradio's launch asks the new page for its document, and gives up without an answer in 3 seconds.
    """
    networking.url_ok = lambda url: True


def poll_less(page: gr.Blocks, seconds: float = 0.02) -> None:
    """Let the page look for queued jobs 50 times a second, not 1000 times as Gradio sets it.

    On an idle page this loop takes almost all of the processor time.
    """
    page._queue.sleep_when_free = seconds
    page._queue.progress_update_sleep_when_free = 5 * seconds


def keep_no_statistics(page: gr.Blocks) -> None:
    """Let the page keep no statistics of its jobs, which nobody reads.

    Gradio recomputes them after every job, from up to 10,000 earlier jobs, which took 35 to 57 ms.
    """
    page._queue.ANALYTICS_MAX_EVENTS = 1
    page._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize  # jobs between two computations


def forget_session(page: gr.Blocks, session: str | None) -> None:
    """Delete what Gradio keeps of a session that has ended, until many others have come.

    That is a copy of the page's configuration with the newest value of every component, 0.3 MB and
    more, and its queue of messages.
    """
    if session is None:
        return
    page.state_holder.session_data.pop(session, None)
    page.state_holder.time_last_used.pop(session, None)
    queue = page._queue
    if not queue.pending_event_ids_session.get(session):  # none of its jobs sends messages
        queue.pending_event_ids_session.pop(session, None)
        queue.pending_messages_per_session.pop(session, None)


TRIMMER = "/static/ffmpeg/"
"""Folder of ffmpeg for browsers, 32 MB, which every video component loads to trim its clip."""

NO_TRIMMER = b"export default () => new Promise(() => {});"
"""Its replacement, a program that never becomes ready: the page has no trimming."""
