"""A run with the embedded weights talks to nobody and starts nothing but decoders and encoders."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

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
        seen["started"] += [os.path.basename(str(arguments[0]))]
    elif event in ("os.system", "os.exec"):
        seen["started"] += [event]
sys.addaudithook(watch)
atexit.register(lambda: open(os.environ["SEEN"], "w").write(json.dumps(seen)))
"""

ANIMATE = "from ostnet.cli import main; sys.exit(main(sys.argv[1:]))"

PAGE = """
from app import demo, launch_options
demo.launch(**launch_options(), prevent_thread_lock=True, quiet=True)
demo.close()
"""


def watched(code: str, folder: Path, *words: object) -> dict:
    """Run code; whom it asked and what it started."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH + code, *map(str, words)],
        env=os.environ | {"SEEN": str(folder / "seen.json"), "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "seen.json").read_text())


def test_animate(portrait, short_clip, tmp_path):
    words = ["animate", "--source", portrait, "--driving", short_clip, "--max-frames", 1]
    seen = watched(ANIMATE, tmp_path, *words, "--output", tmp_path / "out.mp4")
    assert seen["asked"] == []
    (ours,) = [name for name in seen["started"] if not name.startswith("ffmpeg")]
    assert ours == Path(sys.executable).name and len(seen["started"]) > 1  # for the portrait


def test_the_page_starts(tmp_path):
    pytest.importorskip("gradio")
    assert watched(PAGE, tmp_path)["asked"] == []


def test_the_watch_sees(tmp_path):
    code = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    seen = watched(code + "s.connect(('192.0.2.1', 9))", tmp_path)
    assert seen["asked"] == ["('192.0.2.1', 9)"]
