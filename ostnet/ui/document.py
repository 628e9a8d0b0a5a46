"""HTML that is in the page's document from the start, and not put there by gradio's program."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROGRAM = b"<gradio-app"
"""Begins the element that gradio's program fills."""


class InDocument:
    """Middleware that puts HTML before the place where gradio's program draws the page.

    Args:
        app: what answers.
        html: to be put there.
    """

    def __init__(self, app: ASGIApp, html: str):
        self.app, self.html = app, html.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; only the document is held back until it is whole, and changed."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self.app(scope, receive, send)
        held: list[Message] = []

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_html(message):
                held.append(message)
            elif not held:
                await send(message)
            elif message.get("more_body"):
                held.append(message)
            else:
                body = b"".join(part.get("body", b"") for part in [*held[1:], message])
                body = body.replace(PROGRAM, self.html + PROGRAM, 1)
                MutableHeaders(scope=held[0])["content-length"] = str(len(body))
                await send(held[0])
                await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, changed)


def _is_html(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "").startswith("text/html")
