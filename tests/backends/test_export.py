"""``ostnet export``."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from ostnet.backends.manifest import Manifest
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
    for module in ("onnx", "onnxscript", "onnxruntime"):
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


def test_a_changed_file_is_noticed(openvino_folder, tmp_path):
    import shutil

    folder = shutil.copytree(openvino_folder, tmp_path / "copy")
    assert Manifest.read(folder).format == "openvino"
    (folder / "detect.bin").write_bytes(b"")
    with pytest.raises(ValueError, match="detect.bin was changed"):
        Manifest.read(folder)


FRAME = """
import sys
from pathlib import Path
import numpy as np
from ostnet.backends.manifest import Manifest
from ostnet.backends.openvino import Graphs

folder = Path(sys.argv[1])
manifest = Manifest.read(folder)
run = Graphs(folder, manifest, threads=1)

def call(name, known):
    graph = manifest.graphs[name]
    return dict(zip(graph.outputs, run(name, [known[key] for key in graph.inputs])))

image, driving = np.load(sys.argv[2])
source = call("encode", {"image": image}) | {"image": image}
source["x_source"] = call("detect", {"image": image})["keypoints"]
x_driving = call("detect", {"image": driving})["keypoints"]
aligned = call("align", source | {"x_driving": x_driving})
rectified = call("rectify", {"image": driving, "fiducials": aligned["fiducials"]})["rectified"]
x_driving = call("detect", {"image": rectified})["keypoints"]
moved = call("move", source | {"x_driving": x_driving})
made = call("paint", moved | {"z": aligned["z"], "gate": np.ones(1, np.float32)})
np.save(sys.argv[3], made[manifest.result])
assert "torch" not in sys.modules
"""


def test_a_frame_without_torch(openvino_folder, small, tmp_path):
    image, driving = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    np.save(tmp_path / "in.npy", torch.stack([image, driving]).numpy())
    words = [sys.executable, "-c", FRAME, openvino_folder, tmp_path / "in.npy", tmp_path / "o.npy"]
    ended = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    with torch.inference_mode():
        expected = small("speaking").half().float()(image, driving).image.numpy()
    assert np.abs(np.load(tmp_path / "o.npy") - expected).max() < 1e-3


def test_a_folder_with_files_is_refused(checkpoint, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("")
    words = ["export", "--format", "openvino", "--output", str(tmp_path)]
    assert main([*words, "--checkpoint", str(checkpoint)]) == 2
    assert capsys.readouterr().err.startswith("ostnet: error: output: ")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_format_names_the_known(capsys, tmp_path):
    assert main(["export", "--format", "tflite", "--output", str(tmp_path)]) == 2
    assert "onnx" in capsys.readouterr().err


def test_what_is_missing_is_named(checkpoint, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    words = ["export", "--format", "onnx", "--output", str(tmp_path / "o")]
    assert main([*words, "--checkpoint", str(checkpoint)]) == 2
    error = capsys.readouterr().err
    assert "'onnxscript' is missing" in error and "ostnet[export]" in error
    assert not (tmp_path / "o").exists()
