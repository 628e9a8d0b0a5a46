"""Rules that hold themselves: the direction of imports, lint and docstrings, types."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def checked(*command: str) -> subprocess.CompletedProcess:
    """A checker, run on the whole project by this interpreter."""
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=600
    )


def test_imports_go_one_way():
    """By the contracts of pyproject.toml, lazy imports included."""
    pytest.importorskip("importlinter")
    run = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ended = checked("-c", run, "--no-cache")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("rule", [("check", "--no-cache"), ("format", "--no-cache", "--check")])
def test_code_is_clean(rule):
    pytest.importorskip("ruff")
    ended = checked("-m", "ruff", *rule, ".")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_types_fit():
    pytest.importorskip("pyright")
    ended = checked("-m", "pyright", "--pythonpath", sys.executable)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_no_import_costs_anything_before_it_is_needed():
    """What ``import ostnet`` and a command's help may load."""
    code = (
        "import sys, ostnet, ostnet.cli, ostnet.hub, ostnet.flags;"
        "loaded = {'torch', 'numpy', 'gradio', 'moviepy', 'huggingface_hub'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    ended = checked("-c", code)
    assert ended.returncode == 0, ended.stderr
