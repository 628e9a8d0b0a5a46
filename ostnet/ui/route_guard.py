"""Which of gradio's routes are closed here, and how much comes in through the one for files."""

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ostnet.errors import InputError
from ostnet.ui.inputs import MOST_DRIVING_MB
from ostnet.ui.visitors import Visitors

API = "/gradio_api/"

CLOSED = ("process_recording", "component_server", "run-history")
"""By the first word after `API`: ffmpeg without limits over a recording of the screen; functions of
components that are not on this page, which take files of any size; runs that are kept in a
stranger's name on the Hugging Face Hub."""

UPLOAD = "upload"

CHECK_EVERY = 16 << 20
"""Bytes of an upload between two looks at the disk."""

MOST_DISCARDED = MOST_DRIVING_MB << 20
"""Bytes that are read and thrown away before a refusal, which is as much as one file may have."""


class RouteGuard:
    """Middleware that answers for what is closed, and for uploads that do not fit on the disk.

    Args:
        app: what answers otherwise.
        visitors: whose uploads and results share the disk.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors):
        self.app, self.visitors = app, visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: 404 for what is closed, whatever it sends; 507 without room."""
        door = _route(scope["path"]) if scope["type"] == "http" else ""
        if door in CLOSED:
            refusal = PlainTextResponse("This page has no such route.", 404)
            return await _refuse(refusal, scope, receive, send)
        if door != UPLOAD:
            return await self.app(scope, receive, send)
        try:
            said = Headers(scope=scope).get("content-length", "")
            await self._need_room(int(said) if said.isdecimal() else 0)
            await self.app(scope, self._watched(receive), send)
        except InputError as error:
            await _refuse(PlainTextResponse(str(error), 507), scope, receive, send)

    def _watched(self, receive: Receive) -> Receive:
        """The same messages; raises InputError when others have taken the room meanwhile."""
        since = 0

        async def received() -> Message:
            nonlocal since
            message = await receive()
            since += len(message.get("body", b""))
            if since > CHECK_EVERY:
                since = 0
                await self._need_room(len(message["body"]))
            return message

        return received

    async def _need_room(self, coming: int) -> None:
        await anyio.to_thread.run_sync(self.visitors.need_room, coming)


async def _refuse(refusal: PlainTextResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer when the body has come, all of it or `MOST_DISCARDED`, none of which is kept.

    A connection that is closed on somebody who still sends is reset: a browser then tells of a
    broken connection instead of what the answer says.
    """
    left, more = MOST_DISCARDED, True
    while more and left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        more = message.get("more_body", False)
    await refusal(scope, receive, send)


def _route(path: str) -> str:
    """The first word after gradio's prefix; empty for other paths."""
    return path.partition(API)[2].partition("/")[0]
