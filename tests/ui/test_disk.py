"""The disk that all visitors share: what does not fit is refused in plain words."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from running_page import until
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ostnet.errors import InputError
from ostnet.ui import route_guard
from ostnet.ui.cleanup import UPLOADED, need_room, used
from ostnet.ui.route_guard import SESSION, RouteGuard
from ostnet.ui.visitors import Visitors

UPLOAD = "/gradio_api/upload"


@pytest.fixture
def megabyte(tmp_path, monkeypatch):
    """A folder that may hold so much."""
    monkeypatch.setenv("OSTNET_PAGE_DISK", "1")
    return tmp_path


@pytest.fixture
def page(megabyte):
    """A server behind the guard that writes uploads to disk, as Gradio does."""

    async def take(request):
        with (megabyte / "tmpupload").open("wb") as file:
            async for part in request.stream():
                file.write(part)
                file.flush()
        return PlainTextResponse("taken")

    middleware = [Middleware(RouteGuard, visitors=Visitors(megabyte))]
    routes = [Route(UPLOAD, take, methods=["POST"])]
    return TestClient(Starlette(routes=routes, middleware=middleware))


def test_an_upload_that_no_job_took_goes_with_its_visitor(tmp_path):
    visitors = Visitors(tmp_path, grace=0)

    async def take(request):
        file = tmp_path / (await request.body()).decode()
        file.parent.mkdir(exist_ok=True)
        file.write_text("picture")
        return JSONResponse([str(file)])

    guard = Middleware(RouteGuard, visitors=visitors)
    page = TestClient(Starlette(routes=[Route(UPLOAD, take, methods=["POST"])], middleware=[guard]))
    for name in ("first.png", "hash/second.png"):
        assert page.post(UPLOAD, content=name, headers={SESSION: "ann"}).is_success
    page.post(UPLOAD, content="of a program.png")
    assert len(visitors.get("ann").uploads) == 2
    visitors.leave("ann")
    page.post(UPLOAD, content="late.png", headers={SESSION: "ann"})
    assert not (tmp_path / "late.png").exists()
    until(lambda: not (tmp_path / "hash").exists(), 10)  # Gradio's folder for this upload
    assert not (tmp_path / "first.png").exists() and (tmp_path / "of a program.png").exists()


def test_every_file_counts_and_no_link(megabyte, monkeypatch):
    (megabyte / "deep").mkdir()
    (megabyte / "deep" / "file").write_bytes(bytes(600_000))
    (megabyte / "link").symlink_to(megabyte / "deep")
    assert 600_000 <= used(megabyte) < 601_000
    assert used(megabyte / "missing") == 0
    need_room(megabyte, 300_000)
    with pytest.raises(InputError, match="^disk: this page has no space .*; try again later"):
        need_room(megabyte, 500_000)
    monkeypatch.setenv("OSTNET_PAGE_DISK", "much")
    with pytest.raises(InputError, match="^OSTNET_PAGE_DISK: found 'much', expected a whole"):
        need_room(megabyte)


def test_a_run_waits_until_others_have_left(megabyte):
    visitors = Visitors(megabyte, grace=0)
    ann, bob = visitors.get("ann"), visitors.get("bob")
    (ann.run_folder() / "full.mp4").write_bytes(bytes(2_000_000))
    for folder in (bob.run_folder, bob.input_folder):
        with pytest.raises(InputError, match="no space"):
            folder()
    visitors.leave("ann")
    assert bob.run_folder().exists() and bob.input_folder().exists()


def test_an_upload_that_says_its_length_is_refused_unread(page, megabyte, monkeypatch):
    assert page.post(UPLOAD, content=bytes(900_000)).text == "taken"
    refused = page.post(UPLOAD, content=bytes(200_000))
    assert refused.status_code == 507 and refused.text.startswith("disk: this page has no space")
    assert used(megabyte) == 900_000
    much_later = time.monotonic() + UPLOADED + 1  # what was broken off is deleted by then
    monkeypatch.setattr(time, "monotonic", lambda: much_later)
    assert page.post(UPLOAD, content=bytes(200_000)).text == "taken"


def test_an_upload_that_says_no_length_is_ended_on_its_way(page, megabyte, monkeypatch):
    monkeypatch.setattr(route_guard, "CHECK_EVERY", 100_000)
    parts = [{"type": "http.request", "body": bytes(50_000), "more_body": True}] * 99
    parts.append({"type": "http.request", "body": b"", "more_body": False})
    scope = {"type": "http", "method": "POST", "path": UPLOAD, "headers": []}
    coming, answers = iter(parts), []

    async def receive():
        return next(coming)

    async def send(message):
        answers.append(message)

    with ThreadPoolExecutor(1) as thread:  # this one may run the loop that drives a browser
        thread.submit(asyncio.run, page.app(scope, receive, send)).result()
    assert answers[0]["status"] == 507
    assert 800_000 < used(megabyte) < 1_200_000
    assert next(coming, None) is None  # the whole upload was read before the answer
