"""What an installation gets."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import ostnet

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
TORCH = "torch>=2.8,<=2.13.0"


def name_of(requirement: str) -> str:
    return re.match(r"[\w-]+", requirement)[0]


def requirements() -> list[str]:
    return (ROOT / "requirements.txt").read_text().split()


def test_metadata():
    assert PROJECT["version"] == ostnet.__version__
    assert PROJECT["requires-python"] == ">=3.10"
    assert PROJECT["license"] == "Apache-2.0 AND LicenseRef-OSTNet-Weights"
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text()
    for weights in (ROOT / "checkpoints").iterdir():
        assert "LicenseRef-OSTNet-Weights" in (weights / "LICENSE").read_text()
    assert PROJECT["scripts"] == {"ostnet": "ostnet.cli:main"}
    assert {"train", "eval", "export", "space"} <= set(PROJECT["optional-dependencies"])
    assert {"dev", "fuzz", "load"} == set(PYPROJECT["dependency-groups"])


def test_the_space_installs_what_running_needs_and_nothing_else():
    extras = PROJECT["optional-dependencies"]
    needed = {*PROJECT["dependencies"], *extras["page"], *extras["space"], *extras["export"]}
    assert sorted(requirements()) == sorted(needed - {"ostnet[page]", "ostnet[export]"})
    assert TORCH in requirements()
    for absent in ("torchvision", "pytest", "accelerate", "opencv-python"):
        assert absent not in map(name_of, requirements())


def test_the_installer_asks_for_the_same_torch():
    assert f"'{TORCH}'" in (ROOT / "install.sh").read_text()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", ".github/workflows/test.yml"])
def test_ci_runs_the_documented_test_command(document):
    command = (ROOT / ".ci" / "run").read_text().strip().splitlines()[-1]
    assert re.search(rf"(\n|run: ){command}\n", (ROOT / document).read_text())
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_a_release_is_published_without_a_token():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())["jobs"]
    publish = jobs["publish"]
    assert publish["permissions"] == {"id-token": "write"} and "permissions" not in jobs["build"]
    assert publish["steps"][-1] == {"uses": "pypa/gh-action-pypi-publish@release/v1"}


def test_the_citation_names_this_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == ostnet.__version__
    (paper,) = citation["references"]
    assert paper["title"] in (ROOT / "README.md").read_text()
    assert paper["url"] == PROJECT["urls"]["Paper"]


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
