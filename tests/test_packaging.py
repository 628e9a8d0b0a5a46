"""What an installation gets."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ostnet

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TORCH = "torch>=2.8,<=2.13.0"


def name_of(requirement: str) -> str:
    return re.match(r"[\w-]+", requirement)[0]


def requirements() -> list[str]:
    return (ROOT / "requirements.txt").read_text().split()


def test_metadata():
    assert PROJECT["version"] == ostnet.__version__
    assert PROJECT["requires-python"] == ">=3.10"
    assert PROJECT["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text()
    assert PROJECT["scripts"] == {"ostnet": "ostnet.cli:main"}
    assert {"train", "eval", "export", "dev", "space"} <= set(PROJECT["optional-dependencies"])


def test_the_space_installs_what_running_needs_and_nothing_else():
    extras = PROJECT["optional-dependencies"]
    needed = {*PROJECT["dependencies"], *extras["page"], *extras["space"]} - {"ostnet[page]"}
    assert sorted(requirements()) == sorted(needed)
    assert TORCH in requirements()
    for absent in ("torchvision", "pytest", "accelerate", "opencv-python"):
        assert absent not in map(name_of, requirements())


def test_the_installer_asks_for_the_same_torch():
    assert f"'{TORCH}'" in (ROOT / "install.sh").read_text()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_ci_runs_the_documented_test_command(document):
    command = (ROOT / ".ci" / "run").read_text().strip().splitlines()[-1]
    assert f"\n{command}\n" in (ROOT / document).read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_readme_starts_with_the_front_matter_of_a_space():
    front = (ROOT / "README.md").read_text().split("---")[1]
    keys = {line.split(":")[0] for line in front.strip().splitlines() if not line.startswith(" ")}
    assert {"title", "emoji", "sdk", "sdk_version", "python_version", "app_file", "license",
            "short_description"} <= keys  # fmt: skip


def test_importing_the_package_loads_no_large_library():
    """Neither ``import ostnet`` nor the parsing of a command."""
    code = (
        "import sys, ostnet, ostnet.cli, ostnet.hub, ostnet.flags;"
        "loaded = {'torch', 'numpy', 'gradio', 'moviepy', 'huggingface_hub'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
