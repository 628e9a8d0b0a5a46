"""``python app.py`` in a process of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300
"""Seconds until the page has to answer, on a busy machine."""


@dataclass(frozen=True)
class Server:
    """The running page."""

    url: str
    seconds: float
    """Processor time from the start of the process to the first answer; as long as that takes on
    an idle machine, and not longer on a busy one."""
    cache: Path
    """Where uploads and results lie."""


@contextmanager
def running_page(cache: Path, folder: Path = ROOT) -> Iterator[Server]:
    """The page of the project in a folder, on a free port, with no other project's modules."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_TEMP_DIR": str(cache),
        "PYTHONPATH": str(folder),
    }
    url = f"http://127.0.0.1:{port}/"
    with cache.with_suffix(".log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=folder, env=os.environ | settings, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        started = time.monotonic()
        try:
            while not _answers(url):
                assert process.poll() is None, log.seek(0) or log.read()
                assert time.monotonic() - started < PATIENCE, "the page does not answer"
                time.sleep(0.05)
            yield Server(url, _processor_seconds(process.pid), cache)
        finally:
            process.terminate()
            process.wait(20)


def _answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


def _processor_seconds(pid: int) -> float:
    """User and system time of a process, from Linux's /proc (fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
