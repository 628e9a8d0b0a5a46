"""``ostnet export-comfyui``: the folder is loaded as ComfyUI loads it, and its workflow fits."""

import importlib.util
import json

import pytest

import ostnet as package
from ostnet.cli import main
from ostnet.comfyui.folder import WORKFLOW

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "custom_nodes" / "ComfyUI-OSTNet"
    assert main(["export-comfyui", str(folder)]) == 0
    return folder


def test_comfyui_imports_the_folder(folder):
    spec = importlib.util.spec_from_file_location("nodes_x", folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert set(module.NODE_CLASS_MAPPINGS) == set(module.NODE_DISPLAY_NAME_MAPPINGS)
    assert "OSTNetAnimate" in module.NODE_CLASS_MAPPINGS


def test_the_metadata_ask_for_this_version(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["version"] == package.__version__
    assert project["project"]["dependencies"] == [f"ostnet=={package.__version__}"]
    assert set(project["tool"]["comfy"]) == {"PublisherId", "DisplayName", "Icon"}
    assert (folder / "requirements.txt").read_text().split() == project["project"]["dependencies"]
    assert "Load OSTNet" in (folder / "README.md").read_text()


def test_the_workflow_connects_outputs_to_inputs_of_their_type(folder):
    graph = json.loads((folder / WORKFLOW).read_text())
    nodes = {node["id"]: node for node in graph["nodes"]}
    for number, origin, slot, target, socket, kind in graph["links"]:
        output, taken = nodes[origin]["outputs"][slot], nodes[target]["inputs"][socket]
        assert output["type"] == taken["type"] == kind and number == taken["link"]
        assert number in output["links"]
    (animate,) = (node for node in graph["nodes"] if node["type"] == "OSTNetAnimate")
    assert {taken["name"] for taken in animate["inputs"]} == {"model", "portrait", "driving", "fps"}
    fps, *options = animate["widgets_values"]
    assert fps == 25.0 and {"portrait", "default", "auto"} <= set(options)


def test_a_folder_with_files_is_refused(folder, capsys):
    assert main(["export-comfyui", str(folder)]) == 2
    assert capsys.readouterr().err.startswith("ostnet: error: dir: ")
