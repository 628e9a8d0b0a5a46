"""How a command ends: by a signal, with an error, with standard streams that nobody has."""

import os
import subprocess
import sys
import textwrap

import pytest

SLEEPS = """
import sys, time
from ostnet.exits import exit_code
def command():
    try:
        print("begun", flush=True)
        {body}
    finally:
        print("cleaned", flush=True)
sys.exit(exit_code(command))
"""


def program(body: str) -> subprocess.Popen:
    """A command that does this; it has begun."""
    code = SLEEPS.format(body=textwrap.indent(textwrap.dedent(body), 8 * " ").strip())
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", code], **pipes)
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize(("name", "code"), [("INT", 130), ("TERM", 143), ("HUP", 129)])
def test_a_signal_cleans_up_and_gives_its_code(name, code):
    process = program("time.sleep(60)")
    subprocess.run(["kill", f"-{name}", str(process.pid)], check=True)
    assert process.communicate(timeout=30) == ("cleaned\n", "ostnet: stopped\n")
    assert process.returncode == code


def test_a_signal_is_not_lost_where_python_drops_errors():
    process = program(
        """
        import gc
        class Slow:
            def __del__(self):
                print("deleting", flush=True)
                time.sleep(2)
        slow = Slow()
        del slow
        time.sleep(60)
        """
    )
    assert process.stdout.readline() == "deleting\n"
    process.terminate()
    assert process.communicate(timeout=30) == ("cleaned\n", "ostnet: stopped\n")
    assert process.returncode == 143


def test_a_signal_that_a_library_turns_into_an_error():
    process = program(
        """
        try:
            time.sleep(60)
        except KeyboardInterrupt as stop:
            raise ImportError("half a module") from stop
        """
    )
    process.terminate()
    assert process.communicate(timeout=30) == ("cleaned\n", "ostnet: stopped\n")
    assert process.returncode == 143


def ostnet(words: str, streams: str) -> subprocess.CompletedProcess:
    """Run the command in a shell that redirects its streams."""
    line = f'"{sys.executable}" -m ostnet {words} {streams}'
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True)


def test_a_reader_may_leave():
    done = ostnet("--help", "| head -n 1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_may_be_closed(closed):
    assert ostnet("--version", closed).returncode == 0
    assert ostnet("animate", closed).returncode == 2  # arguments are missing


def test_a_full_disk_behind_standard_output_is_named():
    done = ostnet("--help", "> /dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith("ostnet: error: standard output: No space left on device")


def test_nothing_is_opened_under_the_number_of_a_closed_stream(tmp_path):
    """A file that is opened next would get it, and the messages of other programs."""
    opened = (
        "import os, sys; from ostnet.exits import exit_code;"
        f"exit_code(lambda: os._exit(os.open({os.devnull!r}, os.O_RDONLY)))"
    )
    line = f'"{sys.executable}" -c "{opened}" 2>&-'
    assert subprocess.run(["bash", "-c", line]).returncode > 2
