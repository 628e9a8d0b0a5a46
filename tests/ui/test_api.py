"""The two functions for programs, called over HTTP: by gradio_client and as tools for agents."""

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from gradio_client.utils import StatusUpdate
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import CallToolResult
from PIL import Image

from ostnet.animation.motion_file import record
from ostnet.media.video import probe
from ostnet.options import AnimateOptions
from ostnet.ui import engine


@pytest.fixture(scope="module")
def url():
    """The page, told by the environment to be a server of tools, as the README says."""
    from ostnet.ui.page import build, launch_options

    page = build()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_MCP_SERVER", "True")
        _, url, _ = page.launch(
            prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_options()
        )
        yield url.rstrip("/")
        page.close()


@pytest.fixture(scope="module")
def client(url, tmp_path_factory) -> Client:
    return Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture
def call(client, portrait_file, driving_file) -> Callable:
    """Call ``/animate`` or ``/compare`` with the examples."""
    files = {"portrait": handle_file(portrait_file), "driving": handle_file(driving_file)}
    return lambda name, **options: client.predict(api_name=f"/{name}", **files | options)


def test_exactly_two_endpoints_with_their_arguments_in_order(client):
    info = client.view_api(return_format="dict", print_info=False)
    assert info["unnamed_endpoints"] == {}
    switches = {"scale_transform": True, "scale_embedding": True}
    common = {
        "driving_zoom_x": 1, "driving_zoom_y": 1, "max_seconds": 60, "visible_mark": False,
        "size": "", "scale_window": "frame", "pose": "portrait", "source_crop": "auto",
        "driving_crop": "auto", "face": 0, "max_frames": "", "alignment": "learned",
        "motion": "absolute", "scale_smoothing": False, "rectify": "picture",
        "only": "", "mouth": 1, "eyelids": 1, "head": 1,
    }  # fmt: skip
    files = {"portrait": None, "driving": None}
    expected = {
        "/animate": files | switches | common | {"faces": ""},
        "/compare": files | common,
    }
    found = {
        name: [(one["parameter_name"], one["parameter_default"]) for one in endpoint["parameters"]]
        for name, endpoint in info["named_endpoints"].items()
    }
    assert found == {name: list(arguments.items()) for name, arguments in expected.items()}
    assert "portrait perform" in info["named_endpoints"]["/animate"]["description"]


def test_animate_gives_one_video_and_compare_six_files_in_order(call):
    info = probe(call("animate", scale_embedding=False, driving_zoom_x=0.8, max_seconds=0.12))
    assert (info.width, info.frames, info.fps, bool(info.audio)) == (256, 3, 25, True)
    files = call("compare", max_seconds=0.08)
    assert [Path(file).name for file in files] == [
        "grid.mp4", "full.mp4", "no_transform.mp4", "no_embedding.mp4", "neither.mp4", "trace.json",
    ]  # fmt: skip
    assert all(probe(file).frames == 2 for file in files[:5])
    trace = json.loads(Path(files[5]).read_text())
    assert [frame["index"] for frame in trace["frames"]] == [0, 1]


def test_a_motion_file_drives_as_a_clip_does(call, driving_file, tmp_path):
    file = tmp_path / "clip.motion.safetensors"
    record(engine.pipeline(), driving_file, AnimateOptions(max_frames=4)).save(file)
    info = probe(call("animate", driving=handle_file(file), max_seconds=0.12))
    assert (info.frames, info.fps, info.audio) == (3, 25, None)
    with pytest.raises(AppError, match="driving-zoom: a motion file cannot change it"):
        call("animate", driving=handle_file(file), driving_zoom_x=0.8)


def test_a_warning_reaches_the_client(client, driving_file, tmp_path):
    Image.new("RGB", (300, 200), (120, 130, 140)).save(tmp_path / "wall.png")
    files = handle_file(tmp_path / "wall.png"), handle_file(driving_file)

    async def said() -> list[str]:
        job = client.submit(*files, max_seconds=0.08, api_name="/animate")
        return [status.log[0] async for status in job if isinstance(status, StatusUpdate)
                and status.log]  # fmt: skip

    with ThreadPoolExecutor(1) as pool:  # this thread may already have a loop, of browser tests
        texts = pool.submit(lambda: asyncio.run(said())).result()
    assert any(text.startswith("source: no face was found") for text in texts)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"driving_zoom_x": 9}, "driving-zoom: found "),
        ({"pose": "sideways"}, "pose: found 'sideways', expected one of portrait, position, dr"),
        ({"scale_window": "inf"}, "scale-window: found 'inf', expected frame, clip, start or a"),
        ({"max_seconds": 0}, "max-seconds: found 0, expected a number above 0"),
        ({"portrait": handle_file(__file__)}, "source: 'test_api.py'"),
        ({"driving": handle_file(__file__)}, "driving: 'test_api.py'"),
    ],
)
def test_a_wrong_value_or_file_is_named_in_one_line(call, wrong, complaint):
    with pytest.raises(AppError, match=complaint) as refused:
        call("compare", **wrong)
    assert "\n" not in str(refused.value)


def conversation(url: str, talk: Callable[[ClientSession], Awaitable]) -> object:
    """What ``talk`` returns of a session with the server of tools."""

    async def hold() -> object:
        async with (
            streamablehttp_client(f"{url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await talk(session)

    with ThreadPoolExecutor(1) as thread:  # this one may run the loop that drives a browser
        return thread.submit(asyncio.run, hold()).result()


@pytest.fixture(scope="module")
def tools(url) -> dict:
    """The tools by their function's name; an agent sees a prefix before it."""
    listed = conversation(url, ClientSession.list_tools).tools
    assert len(listed) == 2
    return {tool.name.split("_")[-1]: tool for tool in listed}


def uploaded(url: str, path: str) -> str:
    """The address of a file that was sent to the page, which is how agents hand files over."""
    with open(path, "rb") as file:
        answer = httpx.post(f"{url}/gradio_api/upload", files={"files": file})
    return f"{url}/gradio_api/file={answer.json()[0]}"


@pytest.fixture
def asked(url, tools, portrait_file, driving_file) -> Callable[..., CallToolResult]:
    """Have an agent animate the examples."""
    files = {"portrait": uploaded(url, portrait_file), "driving": uploaded(url, driving_file)}
    return lambda **options: conversation(
        url, lambda session: session.call_tool(tools["animate"].name, files | options)
    )


def test_an_agent_finds_two_tools_that_say_what_they_take(tools):
    assert set(tools) == {"animate", "compare"}
    assert tools["animate"].description.startswith("Make a portrait perform a driving clip")
    fields = tools["animate"].inputSchema["properties"]
    assert "picture file with a face" in fields["portrait"]["description"]
    assert fields["max_seconds"]["default"] == 60
    assert "driver (the driver's pose" in fields["pose"]["description"]


def test_an_agent_gets_a_video_or_is_told_what_is_wrong(asked, tmp_path):
    answer = asked(max_seconds=0.12)
    assert not answer.isError, answer.content
    (content,) = answer.content
    info = probe(Path(urllib.request.urlretrieve(content.text, tmp_path / "video.mp4")[0]))
    assert (info.width, info.frames, info.fps, bool(info.audio)) == (256, 3, 25, True)
    answer = asked(max_seconds=-1)
    assert answer.isError and "max-seconds: found -1" in answer.content[0].text
