"""What is patched in Gradio is still there and still does what the patch needs."""

import asyncio
import inspect
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio import networking, processing_utils, routes
from gradio.processing_utils import async_ssrf_protected_get
from gradio.route_utils import secure_url_stream_response
from gradio.state_holder import SessionState
from gradio_client import Client
from running_page import until
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request

from ostnet.ui.gradio_patches import (
    PROGRAM,
    TRIMMER,
    InsertHtml,
    block_outbound,
    forget_session,
    keep_clips,
    keep_no_statistics,
    picture_file,
    poll_less,
    skip_self_test,
)
from ostnet.ui.route_guard import CLOSED, UPLOAD, RouteGuard
from ostnet.ui.visitors import Visitors

ADDRESS = "https://example.com/a.png"


def finished(coroutine):
    """Return the result of a coroutine; another thread may run the loop that drives a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture
def upload(monkeypatch, tmp_path) -> Path:
    """A file in Gradio's cache."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    path = tmp_path / "cache" / "a b.png"
    path.parent.mkdir()
    path.write_text("no picture")
    return path


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[httpx.Client]:
    """An empty page behind both middlewares."""
    visitors = Visitors(tmp_path_factory.mktemp("cache"))
    middleware = [
        Middleware(RouteGuard, visitors=visitors),
        Middleware(InsertHtml, html="<b>×</b>"),
    ]
    with gr.Blocks() as blocks:
        gr.Video()
    _, url, _ = blocks.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", ssr_mode=False,
        app_kwargs={"middleware": middleware},
    )  # fmt: skip
    with httpx.Client(base_url=url, timeout=60) as client:
        yield client
    blocks.close()


@pytest.fixture
def echo() -> Iterator[gr.Blocks]:
    """A launched page with one function."""

    def leave(request: gr.Request) -> None:
        forget_session(blocks, request.session_hash)

    with gr.Blocks() as blocks:
        gr.Textbox().change(lambda text: text, gr.Textbox(), gr.Textbox(), api_name="echo")
        blocks.unload(leave)
    poll_less(blocks)
    keep_no_statistics(blocks)
    blocks.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    yield blocks
    blocks.close()


def test_a_page_with_nobody_on_it_sleeps(echo):
    status = Path(f"/proc/self/task/{echo.server.thread.native_id}/status")

    def pauses() -> int:
        return int(re.search(r"(?<!n)voluntary_ctxt_switches:\t(\d+)", status.read_text())[1])

    before = pauses()
    time.sleep(1)
    assert 0 < pauses() - before < 200  # as Gradio sets it: 700 to 900


def test_nothing_is_kept_of_a_session_that_has_ended(echo):
    client, queue = Client(echo.local_url, verbose=False), echo._queue
    kept = [
        echo.state_holder.session_data,
        echo.state_holder.time_last_used,
        queue.pending_event_ids_session,
        queue.pending_messages_per_session,
    ]
    assert client.predict("hello", api_name="/echo") == "hello"
    assert all(client.session_hash in each for each in kept)
    client.close()
    until(lambda: not any(kept), 20)


def test_no_statistics_are_kept_of_jobs(echo, monkeypatch):
    computed = []
    monkeypatch.setattr(echo._queue, "_get_df", computed.append)
    client = Client(echo.local_url, verbose=False)
    for _ in range(2):
        assert client.predict("hello", api_name="/echo") == "hello"
    assert len(echo._queue.event_analytics) == 1 and not computed


def test_a_page_that_does_not_answer_in_time_starts(monkeypatch):
    def head(*arguments, **options):
        raise httpx.ReadTimeout("a busy machine")

    monkeypatch.setattr(networking.httpx, "head", head)
    monkeypatch.setattr(networking, "url_ok", networking.url_ok)
    skip_self_test()
    with gr.Blocks() as blocks:
        gr.Textbox()
    blocks.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    blocks.close()


def test_no_address_is_requested():
    block_outbound()
    with pytest.raises(gr.Error, match="This page opens no addresses"):
        finished(async_ssrf_protected_get(ADDRESS))
    request = Request({"type": "http", "method": "GET", "headers": []})
    with pytest.raises(HTTPException, match="403"):
        finished(secure_url_stream_response(ADDRESS, request))


def test_an_input_given_as_an_address_of_this_page_is_the_uploaded_file(upload):
    block_outbound()
    other, served = upload.parents[1] / "secret.png", "http://127.0.0.1:7860/gradio_api/file="
    other.touch()
    moved = gr.File().async_move_resource_to_block_cache
    assert finished(moved(f"{served}{upload}".replace(" ", "%20"))) == str(upload)
    for address in (f"{served}{other}", f"{served}{upload.parent}/../secret.png",
                    f"http://elsewhere.example/{upload}", ADDRESS):  # fmt: skip
        with pytest.raises(gr.Error, match="This page opens no addresses"):
            finished(moved(address))


def test_a_picture_input_passes_its_file_on_unread(upload):
    with gr.Blocks() as blocks:
        picture, path = picture_file(None), gr.Textbox()
        picture.change(lambda path: path, picture, path)
    sent = [{"path": str(upload), "meta": {"_type": "gradio.FileData"}}]
    answer = finished(blocks.process_api(0, sent, state=SessionState(blocks)))
    assert answer["data"] == [str(upload)]


def test_html_is_put_before_gradios_program_and_nowhere_else(client):
    answer = client.get("/")
    assert "<b>×</b>".encode() + PROGRAM in answer.content
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "×" not in client.get("/config").text
    assert client.head("/").status_code == client.get("/theme.css").status_code == 200


def test_gradio_loads_the_trimmer_from_where_another_program_takes_its_place(client):
    (program,) = (Path(gr.__file__).parent / "templates/frontend/assets").glob("Video-*.js")
    assert "/static/ffmpeg`" in program.read_text() and "/ffmpeg-core.js`" in program.read_text()
    assert client.get(f"{TRIMMER}ffmpeg-core.js").text.startswith("export default")


def test_a_clip_that_not_every_browser_plays_is_not_converted(monkeypatch, tmp_path):
    monkeypatch.setattr(processing_utils, "ffmpeg_installed", lambda: True)
    monkeypatch.setattr(processing_utils, "_check_allowed", lambda *arguments, **options: None)
    monkeypatch.setattr(processing_utils, "video_is_playable", lambda path: pytest.fail("probed"))
    clip = tmp_path / "phone.mov"
    clip.touch()
    keep_clips()
    assert gr.Video().postprocess(str(clip)).path == str(clip)


@pytest.mark.parametrize("word", [*CLOSED, UPLOAD])
def test_gradio_has_the_routes_that_are_closed_or_limited(word):
    assert f'"/{word}' in inspect.getsource(routes)
