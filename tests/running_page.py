"""The page in a process of its own, as visitors use it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
PATIENCE = 600
"""Seconds until the page has to answer, on a busy machine."""


@dataclass(frozen=True)
class RunningPage:
    """A page that runs."""

    url: str
    seconds: float
    """Processor time from the start of the process to the first answer; as long as that takes on
    an idle machine, and not longer on a busy one."""
    folder: Path
    """Where it keeps uploads and results."""
    process: subprocess.Popen
    log: Path

    def files(self) -> set[Path]:
        """Everything that lies there and is not empty."""
        return {path for path in self.folder.rglob("*") if size(path)}

    def children(self) -> set[int]:
        """Processes that it has started and that still run."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return {int(one) for task in tasks for one in task.read_text().split()}


@contextmanager
def running_page(
    folder: Path, checkpoint: Path | None = None, project: Path = ROOT, **environment
) -> Iterator[RunningPage]:
    """Start a project's page on a free port, with its modules alone, and wait until it answers.

    Its files are under ``folder``.
    """
    with create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    home = folder / "gradio"
    settings = {
        "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(home), "PYTHONPATH": str(project),
    }  # fmt: skip
    settings |= {"OSTNET_WEIGHTS": str(checkpoint)} if checkpoint else {}
    log, url = folder / "page.log", f"http://127.0.0.1:{port}"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=project, stdout=said, stderr=said, env=os.environ | settings | environment,
        )  # fmt: skip
    try:
        until(lambda: process.poll() is not None or answers(url), PATIENCE)
        assert process.poll() is None, log.read_text()
        yield RunningPage(url, processor_seconds(process.pid), home, process, log)
    finally:
        process.terminate()
        process.wait(30)


def processor_seconds(pid: int) -> float:
    """User and system time of a process, from Linux's /proc (fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size(path: Path) -> int:
    """Bytes of a file; 0: none, or it has just gone."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0


def answers(url: str) -> bool:
    try:
        return urlopen(f"{url}/config", timeout=5).status == 200
    except OSError:
        return False


def until(happened, seconds: float) -> float:
    """Wait until it happens; return the seconds that it took. Fails after so many seconds."""
    started = time.monotonic()
    while not happened():
        assert time.monotonic() - started < seconds, f"not within {seconds} seconds"
        time.sleep(0.05)
    return time.monotonic() - started
