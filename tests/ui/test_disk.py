"""The disk that all visitors share: what does not fit is refused in plain words."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ostnet.errors import InputError
from ostnet.ui import route_guard
from ostnet.ui.cleanup import UPLOADED, need_room, used
from ostnet.ui.route_guard import RouteGuard
from ostnet.ui.visitors import Visitors


@pytest.fixture
def megabyte(tmp_path, monkeypatch):
    """A folder that may hold so much."""
    monkeypatch.setenv("OSTNET_PAGE_DISK", "1")
    return tmp_path


def fill(folder, size: int) -> None:
    (folder / "deep").mkdir(exist_ok=True)
    (folder / "deep" / "file").write_bytes(bytes(size))


def test_every_file_counts_and_no_link(tmp_path):
    fill(tmp_path, 1000)
    (tmp_path / "upload").write_bytes(bytes(500))
    (tmp_path / "link").symlink_to(tmp_path / "deep")
    assert 1500 <= used(tmp_path) < 2000
    assert used(tmp_path / "missing") == 0


def test_what_does_not_fit_is_refused(megabyte):
    fill(megabyte, 600_000)
    need_room(megabyte, 300_000)
    with pytest.raises(InputError, match="^disk: this page has no room .*; try again later"):
        need_room(megabyte, 500_000)


def test_a_run_waits_until_others_have_left(megabyte):
    visitors = Visitors(megabyte, grace=0)
    ann, bob = visitors.get("ann"), visitors.get("bob")
    (ann.run_folder() / "full.mp4").write_bytes(bytes(2_000_000))
    for folder in (bob.run_folder, bob.input_folder):
        with pytest.raises(InputError, match="no room"):
            folder()
    visitors.leave("ann")
    assert bob.run_folder().exists() and bob.input_folder().exists()


def test_a_limit_that_is_no_number_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OSTNET_PAGE_DISK", "much")
    with pytest.raises(InputError, match="^OSTNET_PAGE_DISK: found 'much', expected a whole"):
        need_room(tmp_path)


@pytest.fixture
def page(megabyte):
    """A server that writes down what it is sent, as gradio does, behind the doors."""

    async def take(request):
        with (megabyte / "tmpupload").open("wb") as file:
            async for part in request.stream():
                file.write(part)
                file.flush()
        return PlainTextResponse("taken")

    routes = [Route("/gradio_api/upload", take, methods=["POST"])]
    middleware = [Middleware(RouteGuard, visitors=Visitors(megabyte))]
    return TestClient(Starlette(routes=routes, middleware=middleware))


def test_an_upload_that_says_its_length_is_refused_unread(page, megabyte):
    assert page.post("/gradio_api/upload", content=bytes(900_000)).text == "taken"
    refused = page.post("/gradio_api/upload", content=bytes(200_000))
    assert refused.status_code == 507 and refused.text.startswith("disk: this page has no room")
    assert used(megabyte) == 900_000


def test_what_was_broken_off_makes_room(page, megabyte, monkeypatch):
    fill(megabyte, 100_000)
    (megabyte / "tmphalf").write_bytes(bytes(900_000))
    assert page.post("/gradio_api/upload", content=bytes(200_000)).status_code == 507
    much_later = time.monotonic() + UPLOADED + 1
    monkeypatch.setattr(time, "monotonic", lambda: much_later)
    assert page.post("/gradio_api/upload", content=bytes(200_000)).text == "taken"


def test_an_upload_that_says_no_length_is_ended_on_its_way(page, megabyte, monkeypatch):
    monkeypatch.setattr(route_guard, "CHECK_EVERY", 100_000)
    parts = [{"type": "http.request", "body": bytes(50_000), "more_body": True}] * 99
    parts.append({"type": "http.request", "body": b"", "more_body": False})
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": []}
    coming, answers = iter(parts), []

    async def receive():
        return next(coming)

    async def send(message):
        answers.append(message)

    with ThreadPoolExecutor(1) as thread:  # this one may run the loop that drives a browser
        thread.submit(asyncio.run, page.app(scope, receive, send)).result()
    assert answers[0]["status"] == 507
    assert 800_000 < used(megabyte) < 1_200_000
    assert next(coming, None) is None  # whoever sends has been heard out before the answer
