"""The page as tools for agents: asked over the Model Context Protocol, as their programs do."""

import asyncio
import urllib.request
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import CallToolResult

from ostnet.media.video import probe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url() -> str:
    """The page, told by the environment to be a server of tools, as the README says."""
    from ostnet.ui.page import build, launch_options

    page = build()
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("GRADIO_MCP_SERVER", "True")
        stack.callback(page.close)
        yield page.launch(
            prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_options()
        )[1].rstrip("/")


def conversation(url: str, talk: Callable[[ClientSession], Awaitable]) -> object:
    """What ``talk`` returns of a session with the server."""

    async def hold() -> object:
        async with (
            streamablehttp_client(f"{url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await talk(session)

    with ThreadPoolExecutor(1) as thread:  # this one may run the loop that drives a browser
        return thread.submit(asyncio.run, hold()).result()


def uploaded(url: str, path: str) -> str:
    """The address of a file that was sent to the page, which is how agents hand files over."""
    with open(path, "rb") as file:
        answer = httpx.post(f"{url}/gradio_api/upload", files={"files": file})
    return f"{url}/gradio_api/file={answer.json()[0]}"


def test_an_agent_finds_two_tools_that_say_what_they_take(url):
    tools = {tool.name: tool for tool in conversation(url, ClientSession.list_tools).tools}
    (animate,) = (name for name in tools if name.endswith("animate"))
    (compare,) = (name for name in tools if name.endswith("compare"))
    assert set(tools) == {animate, compare}
    assert tools[animate].description.startswith("Make a portrait perform a driving clip")
    fields = tools[animate].inputSchema["properties"]
    assert "picture file with a face" in fields["portrait"]["description"]
    assert fields["max_seconds"]["default"] == 60
    assert fields["scale_window"]["description"].endswith("or so many seconds.")
    assert fields["pose"]["default"] == "portrait"
    assert "driver (paper's)" in fields["pose"]["description"]


def call(url: str, **arguments: object) -> CallToolResult:
    async def talk(session: ClientSession) -> CallToolResult:
        names = [tool.name for tool in (await session.list_tools()).tools]
        (animate,) = (name for name in names if name.endswith("animate"))
        return await session.call_tool(animate, arguments)

    return conversation(url, talk)


def test_an_agent_gets_a_video(url, portrait_file, driving_file, tmp_path):
    portrait, driving = uploaded(url, portrait_file), uploaded(url, driving_file)
    answer = call(url, portrait=portrait, driving=driving, max_seconds=0.12)
    assert not answer.isError, answer.content
    (content,) = answer.content
    video = Path(urllib.request.urlretrieve(content.text, tmp_path / "video.mp4")[0])
    info = probe(video)
    assert (info.width, info.frames, info.fps, bool(info.audio)) == (256, 3, 25, True)


def test_an_agent_is_told_what_is_wrong(url, portrait_file):
    portrait = uploaded(url, portrait_file)
    answer = call(url, portrait=portrait, driving=portrait, max_seconds=-1)
    assert answer.isError
    assert "max_seconds: found -1" in answer.content[0].text
