"""The page starts from a checkout and from an exported Space, and loads nothing too early."""

import os
import platform
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from gradio_client import Client, handle_file
from running_page import ROOT, running_page, until

from ostnet.cli import main
from ostnet.media.video import probe

pytestmark = pytest.mark.slow

START = """
import sys
import app
late = ["moviepy", "matplotlib", "face_alignment", "dlib", "ostnet.training", "ostnet.evaluation"]
print([name for name in late if name in sys.modules])
"""

IMPORTS = """
import importlib, pkgutil
import ostnet.ui
from ostnet.ui import engine
for module in pkgutil.iter_modules(ostnet.ui.__path__, "ostnet.ui."):
    importlib.import_module(module.name)
print(engine.load.cache_info().misses)
"""

HEAPS = """
import ctypes, tempfile, threading
import app
together = threading.Barrier(12)
threads = [threading.Thread(target=together.wait) for _ in range(12)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as report:
    stream = ctypes.c_void_p(libc.fopen(report.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(report.read().count(b"<heap nr="))
"""


def test_a_page_that_cannot_sign_does_not_start(monkeypatch, capsys):
    # a copy, since app.py sets variables
    monkeypatch.setattr(os, "environ", {**os.environ, "OSTNET_C2PA_CERT": "chain.pem"})
    with pytest.raises(SystemExit, match="^2$"):
        runpy.run_path(str(ROOT / "app.py"))
    assert capsys.readouterr().err.startswith("ostnet: error: OSTNET_C2PA_KEY: not set")


def printed(program: str, folder: Path = ROOT, **environment: str) -> str:
    """What a program prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=os.environ | environment,
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize(("program", "said"), [(START, "[]"), (IMPORTS, "0")])
def test_what_is_heavy_waits_for_its_first_use(program, said):
    assert printed(program) == said


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others have no such setting")
def test_all_threads_share_two_heaps():
    assert printed(HEAPS) == "2"


def test_weights_that_cannot_be_used_are_replaced_and_the_page_says_so(tmp_path):
    program = "from ostnet.ui.page import build; print(build().get_config_file())"
    said = printed(program, OSTNET_WEIGHTS=str(tmp_path))
    assert "Weights: ostnet-lite" in said
    assert "cannot be used" in said and tmp_path.name in said
    assert str(tmp_path) not in said  # visitors see this


def test_the_page_of_tab_live_is_built_in_the_background(tmp_path):
    def has_begun() -> bool:
        seen = urlopen(f"{server.url}/live/").read().decode()
        return "onnxruntime-web" in seen or "networks of" in seen

    with running_page(tmp_path, OSTNET_WEB="", OSTNET_CACHE=str(tmp_path / "cache")) as server:
        until(has_begun, seconds=120)
        builders = server.children()
    assert builders
    assert not any(Path(f"/proc/{builder}").exists() for builder in builders)


def test_an_exported_space_runs_on_its_own_files_alone(tmp_path):
    space = tmp_path / "space"
    assert main(["export-space", str(space)]) == 0
    found = printed("import ostnet; print(ostnet.__file__)", space, PYTHONPATH=str(space))
    assert found == str(space / "ostnet" / "__init__.py")
    examples = space / "examples"
    with running_page(tmp_path, project=space) as server:
        client = Client(server.url, verbose=False, download_files=str(tmp_path / "downloads"))
        video = client.predict(
            handle_file(examples / "portraits" / "eileen_collins.jpg"),
            handle_file(examples / "driving" / "mid_1.0_audio.mp4"),
            max_seconds=0.08,
            api_name="/animate",
        )
    assert server.process.returncode == 128 + signal.SIGTERM
    assert server.log.read_text().endswith("ostnet: stopped\n")
    assert not server.files()
    info = probe(video)
    assert (info.frames, info.width, bool(info.audio)) == (2, 256, True)
    assert not (space / "checkpoints" / "default.txt").exists()
