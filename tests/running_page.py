"""The page in a process of its own, as strangers meet it."""

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


@dataclass(frozen=True)
class Page:
    """A page that runs."""

    url: str
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
def running_page(folder: Path, checkpoint: Path | None = None, **environment) -> Iterator[Page]:
    """Start one and wait until it answers; its folder is under ``folder``."""
    with create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    home = folder / "gradio"
    settings = {
        "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(home), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    settings |= {"OSTNET_WEIGHTS": str(checkpoint)} if checkpoint else {}
    log = folder / "page.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT, stdout=said, stderr=said, env=os.environ | settings | environment,
        )  # fmt: skip
    page = Page(f"http://127.0.0.1:{port}", home, process, log)
    try:
        until(lambda: process.poll() is not None or answers(page.url), 600)
        assert process.poll() is None, log.read_text()
        yield page
    finally:
        process.terminate()
        process.wait(30)


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
    """Wait for it; how long that took. Fails after so many seconds."""
    started = time.monotonic()
    while not happened():
        assert time.monotonic() - started < seconds, f"not within {seconds} seconds"
        time.sleep(0.05)
    return time.monotonic() - started
