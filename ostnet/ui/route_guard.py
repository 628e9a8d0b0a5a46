"""Middleware that closes some of Gradio's routes, limits uploads and records whose they are."""

import json

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ostnet.errors import InputError
from ostnet.ui.gradio_patches import NO_TRIMMER, TRIMMER
from ostnet.ui.inputs import MOST_DRIVING_MB
from ostnet.ui.visitors import Visitors

API = "/gradio_api/"

CLOSED = ("process_recording", "component_server", "run-history")
"""First words after `API` of the closed routes: ffmpeg without limits on a screen recording;
functions of components that this page does not use, which take files of any size; runs kept on the
Hugging Face Hub in a visitor's name."""

UPLOAD = "upload"

SESSION = "x-session"
"""Header with the session of the visitor who uploads; programs send none."""

CHECK_EVERY = 16 << 20
"""Bytes of an upload between two checks of the disk."""

MOST_DISCARDED = MOST_DRIVING_MB << 20
"""Bytes that are read and discarded before a refusal: as many as one file may have."""


class RouteGuard:
    """Answers closed routes, and uploads for which the disk has no space, as middleware.

    Args:
        app: the application that answers everything else.
        visitors: all visitors, whose uploads and results share the disk.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors):
        self.app, self.visitors = app, visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: 404 on a closed route, 507 without room for an upload."""
        path = scope["path"] if scope["type"] == "http" else ""
        route = path.partition(API)[2].partition("/")[0]
        if TRIMMER in path:
            return await Response(NO_TRIMMER, media_type="text/javascript")(scope, receive, send)
        if route in CLOSED:
            refusal = PlainTextResponse("This page has no such route.", 404)
            return await _refuse(refusal, scope, receive, send)
        if route != UPLOAD:
            return await self.app(scope, receive, send)
        try:
            length = Headers(scope=scope).get("content-length", "")
            await self._need_room(int(length) if length.isdecimal() else 0)
            await self.app(scope, self._checked(receive), self._owned(scope, send))
        except InputError as error:
            await _refuse(PlainTextResponse(str(error), 507), scope, receive, send)

    def _checked(self, receive: Receive) -> Receive:
        """Return the same messages; raises InputError once the disk has no more room."""
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

    def _owned(self, scope: Scope, send: Send) -> Send:
        """Return the same answers, before which the session in `SESSION` owns the files."""
        session = Headers(scope=scope).get(SESSION)
        answer = b""

        async def sent(message: Message) -> None:
            nonlocal answer
            answer += message.get("body", b"")
            is_whole = message["type"] == "http.response.body" and not message.get("more_body")
            if session and is_whole and answer.startswith(b"["):
                await anyio.to_thread.run_sync(self.visitors.own, session, json.loads(answer))
            await send(message)

        return sent

    async def _need_room(self, coming: int) -> None:
        await anyio.to_thread.run_sync(self.visitors.need_room, coming)


async def _refuse(refusal: PlainTextResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer after reading and discarding the body, at most `MOST_DISCARDED` bytes of it.

    Closing the connection earlier would reset it, and a browser would report that instead of the
    answer.
    """
    left, more = MOST_DISCARDED, True
    while more and left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        more = message.get("more_body", False)
    await refusal(scope, receive, send)
