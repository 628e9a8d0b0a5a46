"""A client of the Hub that ``fake_hub`` simulates."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fake_hub import FakeHub


class Visitor:
    """A process of its own in which this Hub is the Hub, since its client reads that when imported.

    ``home`` holds its cache. Waits between tries are shortened.
    """

    def __init__(self, hub: FakeHub, home: Path):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _VISITOR],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings(hub, home),
        )  # fmt: skip

    def resolve(self, checkpoint: str | None, **settings: str) -> dict:
        """``hub.resolve``: name, files, folder and notice; or its error; and the seconds."""
        return self._ask("resolve", [checkpoint], settings)

    def ostnet(self, *arguments: object, **settings: str) -> tuple[int, str, str]:
        """The command line: exit code, standard output, standard error."""
        return tuple(self._ask("ostnet", [str(argument) for argument in arguments], settings))

    def _ask(self, task: str, arguments: list, settings: dict[str, str]):
        self._process.stdin.write(json.dumps([task, arguments, settings]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


_VISITOR = """
import io, json, os, sys, time
from contextlib import redirect_stderr, redirect_stdout
from ostnet import InputError, hub
from ostnet.hub import downloads
from ostnet.cli import main

downloads.WAITS, downloads.TIMEOUT = (0.1, 0.1), 1.0

def resolve(name):
    started = time.monotonic()
    try:
        found = hub.resolve(name)
        files = {path.name: path.stat().st_size for path in found.folder.iterdir()}
        answer = {"name": found.name, "files": files, "folder": str(found.folder),
                  "notice": found.notice}
    except InputError as error:
        answer = {"error": str(error)}
    return answer | {"seconds": time.monotonic() - started}

def ostnet(*arguments):
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main(list(arguments))
    return code, out.getvalue(), err.getvalue()

for line in sys.stdin:
    task, arguments, settings = json.loads(line)
    os.environ.update(settings)
    print(json.dumps({"resolve": resolve, "ostnet": ostnet}[task](*arguments)), flush=True)
    for name in settings:
        del os.environ[name]
"""


def surroundings(hub: FakeHub, home: Path) -> dict[str, str]:
    """Environment variables with which this Hub is the Hub; no proxy and nobody's token."""
    left_out = ("HF_", "HUGGING", "OSTNET_", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    ours = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    return {**inherited, **ours}
