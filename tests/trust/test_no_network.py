"""The command line and the page on a machine without any network, its own loopback aside."""

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
"""Runs a program in a network namespace of its own: no interface, the loopback is down."""


def refusal() -> str:
    """Why the kernel gives no such namespace; empty where it does."""
    if shutil.which(ISOLATED[0]) is None:
        return "no program unshare (util-linux)"
    tried = subprocess.run([*ISOLATED, "true"], capture_output=True, text=True)
    return tried.stderr.strip() or "unshare failed" if tried.returncode else ""


@pytest.fixture(scope="module", autouse=True)
def isolated():
    if reason := refusal():
        pytest.skip(f"the kernel gives no network namespace: {reason}")


def alone(code: str, *words: object) -> subprocess.CompletedProcess:
    """Run code there, in the project's folder."""
    return subprocess.run(
        [*ISOLATED, sys.executable, "-c", code, *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip


CONNECT = """
import socket
try:
    socket.create_connection(("127.0.0.1", 1), 5)
except OSError as error:
    print(type(error).__name__, socket.if_nameindex())
"""


def test_there_is_no_network():
    """Not even to oneself: what would be refused elsewhere cannot be reached."""
    assert alone(CONNECT).stdout == "OSError [(1, 'lo')]\n"


def test_animate_makes_its_video(short_clip, portrait, tmp_path):
    """With the embedded weights, as after an installation."""
    words = ["animate", "--source", portrait, "--driving", short_clip, "--max-frames", 2]
    run = "import sys; from ostnet.cli import main; sys.exit(main(sys.argv[1:]))"
    done = alone(run, *words, "--output", tmp_path / "out.mp4")
    assert done.returncode == 0, done.stderr
    assert len(list(read_frames(tmp_path / "out.mp4"))) == 2


UP = """
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:  # ip link set lo up
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
"""

PAGE = """
import sys
from gradio_client import Client, handle_file
from app import demo, launch_options
_, url, _ = demo.launch(**launch_options(), prevent_thread_lock=True, quiet=True)
client = Client(url, verbose=False, download_files=sys.argv[3])
client.predict(*map(handle_file, sys.argv[1:3]), max_seconds=0.2, api_name="/animate")
client.close()
demo.close()
"""


def test_the_page_makes_its_video(portrait, short_clip, checkpoint, tmp_path, monkeypatch):
    pytest.importorskip("gradio")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    monkeypatch.setenv("OSTNET_WEIGHTS", str(checkpoint))
    done = alone(UP + PAGE, portrait, short_clip, tmp_path / "got")
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "got").rglob("*.mp4")
    assert len(list(read_frames(made))) == 2
