"""The Dockerfile, read line by line: there is no Docker where the tests run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """(instruction, arguments) in their order; lines that go on are joined."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text)
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line]


def arguments(steps, instruction: str) -> list[str]:
    return [rest for name, rest in steps if name == instruction]


def test_what_it_copies_is_there_and_gets_into_the_build(steps):
    allowed = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {path for rest in arguments(steps, "COPY") for path in rest.split()[:-1]}
    assert all((ROOT / path).exists() for path in copied)
    assert copied == allowed
    assert {"app.py", "ostnet", "checkpoints", "examples"} <= copied


def test_it_installs_what_the_installer_does(steps):
    runs, installer = arguments(steps, "RUN"), (ROOT / "install.sh").read_text()
    torch, package = (run for run in runs if run.startswith("pip install"))
    assert re.search(r"'torch[^']+'", torch)[0] in installer
    index = re.search(r"https://\S+/whl/", torch)[0]
    assert index in installer
    defaults = dict(rest.split("=") for rest in arguments(steps, "ARG"))
    assert defaults == {"TORCH": "cpu", "EXTRAS": "page"}
    assert f"{index}${{TORCH}}" in torch and package.endswith('-e ".[${EXTRAS}]"')


def test_it_runs_as_an_unprivileged_user(steps):
    names = [name for name, _ in steps]
    (user,) = arguments(steps, "USER")
    assert user not in ("root", "0")
    assert any(run.startswith("useradd") and run.endswith(user) for run in arguments(steps, "RUN"))
    later = steps[names.index("USER") + 1 :]
    assert [rest.split()[0] for name, rest in later if name == "RUN"] == ["ostnet"]  # no installer


def test_it_starts_the_page_where_others_can_reach_it(steps):
    assert json.loads(arguments(steps, "CMD")[0]) == ["python", "app.py"]
    (environment,) = arguments(steps, "ENV")
    port = arguments(steps, "EXPOSE")[0]
    assert {"GRADIO_SERVER_NAME=0.0.0.0", f"GRADIO_SERVER_PORT={port}"} <= set(environment.split())


def test_only_the_page_has_a_health_check(steps, tmp_path):
    """The check in a shell: healthy for another command, unhealthy for a page that has ended."""
    (check,) = arguments(steps, "HEALTHCHECK")
    script = check.split("CMD ", 1)[1].replace("/proc/1/cmdline", str(tmp_path / "cmdline"))
    script = script.replace(":7860", ":9")  # nobody answers there
    script = script.replace("python -c", f"{sys.executable} -c")
    assert sys.executable in script
    for command, well in (("ostnet\0batch\0jobs.csv", True), ("python\0app.py", False)):
        (tmp_path / "cmdline").write_text(command)
        ended = subprocess.run(["sh", "-c", script], capture_output=True)
        assert (ended.returncode == 0) == well
