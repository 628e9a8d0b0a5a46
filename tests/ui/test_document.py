"""HTML is put into the document, and into nothing else that the page's server sends."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ostnet.ui.document import InDocument

PAGE = "<html><body><gradio-app></gradio-app></body></html>"


def test_only_the_document_is_changed():
    app = Starlette(
        routes=[
            Route("/", lambda request: HTMLResponse(PAGE)),
            Route("/other", lambda request: HTMLResponse("<p>other</p>")),
            Route("/text", lambda request: PlainTextResponse(PAGE)),
        ],
        middleware=[Middleware(InDocument, html="<b>×</b>")],
    )
    client = TestClient(app)
    answer = client.get("/")
    assert answer.text == PAGE.replace("<gradio-app>", "<b>×</b><gradio-app>")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert client.get("/other").text == "<p>other</p>"
    assert client.get("/text").text == PAGE
    assert client.head("/").status_code == 200
