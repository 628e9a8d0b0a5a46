"""When a visitor leaves during a run, the run stops and its files are deleted."""

import subprocess
import sys

import pytest
from running_page import until

pytestmark = pytest.mark.slow

LEAVES = """
import sys, time
from gradio_client import Client, handle_file
client = Client(sys.argv[1], verbose=False)
job = client.submit(*map(handle_file, sys.argv[2:4]), api_name="/compare")
print("sent", flush=True)
time.sleep(600)
"""


def visitor(page, portrait, clip) -> subprocess.Popen:
    command = [sys.executable, "-c", LEAVES, page.url, str(portrait), str(clip)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"sent\n"
    return process


def left(page, before) -> list:
    """The files that the run has left."""
    return [path for path in page.files() - before if "visitor-" in str(path)]


def test_a_run_stops_and_its_files_are_deleted(page, portrait, clip):
    long = clip("long.mp4", picture="testsrc=size=128x128:rate=25:duration=60")
    before, said = page.files(), len(page.log.read_text())
    client = visitor(page, portrait, long)
    until(lambda: len(page.children()) >= 5, 120)  # a decoder and the encoders
    assert any(path.stem == "long" for path in page.files() - before)
    client.kill()
    client.wait()
    # the inputs are kept for a minute, for a visitor who reloads the page
    assert until(lambda: not page.children() and not left(page, before), 30) < 2
    assert "Traceback" not in page.log.read_text()[said:]
