"""Routes of gradio's that this page has no use for are closed.

They would have strangers' files read by programs without limits, or ask the Hugging Face Hub in a
stranger's name.
"""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

API = "/gradio_api/"

CLOSED = ("process_recording", "component_server", "run-history")
"""By the first word after `API`: ffmpeg over a recording of the screen; functions of components
that are not on this page, which take files of any size; runs kept in a stranger's bucket."""


class Doors:
    """Middleware that answers for what is closed.

    Args:
        app: what answers otherwise.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; 404 for what is closed, before anything of it is read."""
        answer: ASGIApp = self.app
        if scope["type"] == "http" and route(scope["path"]) in CLOSED:
            answer = PlainTextResponse("This page has no such route.", 404)
        await answer(scope, receive, send)


def route(path: str) -> str:
    """The first word after gradio's prefix; empty for other paths."""
    return path.partition(API)[2].partition("/")[0]
