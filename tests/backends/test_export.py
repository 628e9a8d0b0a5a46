"""``ostnet export``."""

import json
import sys

import pytest

from ostnet.cli import main

GRAPHS = ["detect", "encode", "align", "rectify", "move", "paint"]


@pytest.fixture(scope="session")
def checkpoint(small, tmp_path_factory):
    """A network with all parts, on disk."""
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    small("speaking").save_pretrained(folder)
    return folder


def export(checkpoint, folder, form):
    assert main(["export", "--format", form, "--output", str(folder), "--checkpoint",
                 str(checkpoint)]) == 0  # fmt: skip
    return json.loads((folder / "manifest.json").read_text())


@pytest.fixture(scope="session")
def openvino_folder(checkpoint, tmp_path_factory):
    pytest.importorskip("openvino")
    folder = tmp_path_factory.mktemp("export") / "new" / "openvino"
    export(checkpoint, folder, "openvino")
    return folder


@pytest.fixture(scope="session")
def onnx_folder(checkpoint, tmp_path_factory):
    for module in ("onnx", "onnxscript"):
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp("export")
    export(checkpoint, folder, "onnx")
    return folder


def check(manifest, form):
    assert list(manifest["graphs"]) == GRAPHS and manifest["format"] == form
    assert len(manifest["weights"]) == 64 and manifest["config"]["mix"]
    assert {"torch", "ostnet", form} <= set(manifest["versions"])
    assert manifest["graphs"]["detect"]["inputs"] == {"image": [1, 3, 64, 64]}
    assert manifest["graphs"]["paint"]["outputs"] == ["image", "painted", "mix"]
    found = manifest["differences"]
    assert found["pixel_max"] < 0.5 and found["keypoints"] < 1e-4 and found["scale"] < 1e-4


def test_openvino(openvino_folder):
    check(json.loads((openvino_folder / "manifest.json").read_text()), "openvino")
    assert {path.name for path in openvino_folder.iterdir()} == {
        "manifest.json", *(f"{name}.{end}" for name in GRAPHS for end in ("xml", "bin"))
    }  # fmt: skip


def test_onnx(onnx_folder):
    import onnx

    manifest = json.loads((onnx_folder / "manifest.json").read_text())
    check(manifest, "onnx")
    for name in GRAPHS:
        model = onnx.load(onnx_folder / f"{name}.onnx")
        onnx.checker.check_model(model)
        assert [port.name for port in model.graph.input] == [*manifest["graphs"][name]["inputs"]]
        assert [port.name for port in model.graph.output] == manifest["graphs"][name]["outputs"]
        assert {one.version for one in model.opset_import if not one.domain} == {18}
        kinds = {node.op_type for node in model.graph.node}
        assert "BatchNormalization" not in kinds or name == "paint"


def test_a_folder_with_files_is_refused(checkpoint, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("")
    words = ["export", "--format", "openvino", "--output", str(tmp_path)]
    assert main([*words, "--checkpoint", str(checkpoint)]) == 2
    assert capsys.readouterr().err.startswith("ostnet: error: output: ")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_is_missing_is_named(checkpoint, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    words = ["export", "--format", "onnx", "--output", str(tmp_path / "o")]
    assert main([*words, "--checkpoint", str(checkpoint)]) == 2
    error = capsys.readouterr().err
    assert "'onnxscript' is missing" in error and "ostnet[export]" in error
    assert not (tmp_path / "o").exists()
