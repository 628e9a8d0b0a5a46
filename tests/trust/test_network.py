"""The command line and the page, on embedded weights, need no network and ask for none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ostnet.media.video import read_frames

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

ISOLATED = ["unshare", "--net", "--map-root-user"]
"""Runs a program in its own network namespace: no interface, and the loopback is down."""

WATCH = """
import atexit, json, os, sys
seen = {"asked": [], "started": []}
def watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        local = isinstance(address, (str, bytes)) or address[0] in ("127.0.0.1", "::1")
        seen["asked"] += [] if local else [repr(address)]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        seen["asked"] += [] if host in ("localhost", "127.0.0.1", "0.0.0.0", None) else [repr(host)]
    elif event == "subprocess.Popen":
        name = os.path.basename(str(arguments[0]))
        seen["started"] += [] if name == "ldconfig" else [name]  # from torch's build with CUDA
    elif event in ("os.system", "os.exec"):
        seen["started"] += [event]
sys.addaudithook(watch)
atexit.register(lambda: open(os.environ["SEEN"], "w").write(json.dumps(seen)))
"""

ANIMATE = "from ostnet.cli import main; sys.exit(main(sys.argv[1:]))"

LOOPBACK = """
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:  # ip link set lo up
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
"""

PAGE = """
from gradio_client import Client, handle_file
from app import demo
from ostnet.ui.page import launch_options
_, url, _ = demo.launch(**launch_options(), prevent_thread_lock=True, quiet=True)
assert seen["asked"] == []
client = Client(url, verbose=False, download_files=sys.argv[3], analytics_enabled=False)
seen["asked"].clear()  # what the client of the test asked
client.predict(*map(handle_file, sys.argv[1:3]), max_seconds=0.2, api_name="/animate")
client.close()
demo.close()
"""


@pytest.fixture(scope="module")
def isolation() -> list[str]:
    """The command that takes the network away; empty where the kernel does not permit it."""
    if shutil.which(ISOLATED[0]) is None:
        return []
    return [] if subprocess.run([*ISOLATED, "true"], capture_output=True).returncode else ISOLATED


def watched(code: str, folder: Path, *words: object, command: list[str] = ()) -> dict:
    """Run code in the project's folder; return whom it asked and what it started."""
    seen = folder / "seen.json"
    environment = {"SEEN": str(seen), "PYTHONPATH": str(ROOT), "GRADIO_TEMP_DIR": str(folder / "g")}
    done = subprocess.run(
        [*command, sys.executable, "-c", WATCH + code, *map(str, words)],
        env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(seen.read_text())


def test_animate(isolation, portrait, short_clip, tmp_path):
    words = ["animate", "--source", portrait, "--driving", short_clip, "--max-frames", 2]
    output = tmp_path / "out.mp4"
    seen = watched(ANIMATE, tmp_path, *words, "--output", output, command=isolation)
    assert seen["asked"] == [] and len(list(read_frames(output))) == 2
    (ours,) = [name for name in seen["started"] if not name.startswith("ffmpeg")]
    assert ours == Path(sys.executable).name and len(seen["started"]) > 1  # for the portrait


def test_a_wheel_from_the_sdist_in_an_empty_folder(isolation, portrait, short_clip, tmp_path):
    """As ``pip install ostnet`` gives it, with the embedded weights and no checkout around."""
    python = [sys.executable, "-m"]

    def run(*words: object, cwd: Path, **settings: str):
        environment = os.environ | settings
        done = subprocess.run(
            [*map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    run(*python, "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=ROOT)
    (sdist,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path, filter="data")
    unpacked = sdist.with_name(sdist.name.removesuffix(".tar.gz"))
    run(*python, "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=unpacked)
    (wheel,) = tmp_path.glob("*.whl")
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    run(*python, "pip", "install", "--no-deps", "--no-index", "-t", installed, wheel, cwd=tmp_path)
    shutil.rmtree(unpacked)
    empty.mkdir()
    words = ["animate", "--source", portrait, "--driving", short_clip, "--max-frames", 2]
    words = [*isolation, installed / "bin" / "ostnet", *words, "--output", "out.mp4"]
    run(*words, cwd=empty, PYTHONPATH=str(installed))
    assert len(list(read_frames(empty / "out.mp4"))) == 2
    assert (installed / "ostnet" / "_checkpoints" / "ostnet-lite" / "LICENSE").is_file()


def test_the_page(isolation, portrait, short_clip, tmp_path):
    code = LOOPBACK + PAGE if isolation else PAGE
    words = portrait, short_clip, tmp_path / "got"
    assert watched(code, tmp_path, *words, command=isolation)["asked"] == []
    (made,) = (tmp_path / "got").rglob("*.mp4")
    assert len(list(read_frames(made))) == 2


def test_requests_are_recorded_and_isolation_blocks_them(isolation, tmp_path):
    code = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    seen = watched(code + "s.connect(('192.0.2.1', 9))", tmp_path)
    assert seen["asked"] == ["('192.0.2.1', 9)"]
    if isolation:
        refused = (
            f"{code}try: s.connect(('192.0.2.1', 9))\nexcept OSError: sys.exit(0)\nsys.exit(1)"
        )
        watched(refused, tmp_path, command=isolation)
