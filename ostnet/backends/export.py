"""Graphs for use without this package."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from ostnet.backends.check import differences
from ostnet.backends.graphed import Graphed
from ostnet.backends.manifest import Manifest
from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet


def export(model: OSTNet, written_as: str, folder: Path) -> Manifest:
    """Write the graphs of a model, with a manifest that says how exact they are.

    Args:
        model: on the CPU, in evaluation mode.
        written_as: ``onnx`` or ``openvino``.
        folder: to be made; may exist if it is empty. Nothing is left there if anything fails.

    Raises:
        InputError: the folder is not empty.
        ModuleNotFoundError: what the format needs is not installed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"output: {str(folder)!r} is not empty; give a new or an empty folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".exporting-") as place:
        stage = Path(place) / "graphs"
        stage.mkdir()
        manifest = _built(model, written_as, stage)
        if folder.exists():
            folder.rmdir()
        shutil.move(stage, folder)
    return manifest


def _built(model: OSTNet, written_as: str, folder: Path) -> Manifest:
    if written_as == "onnx":
        from ostnet.backends.onnx_build import Graphs, build
    else:
        from ostnet.backends.openvino import Graphs
        from ostnet.backends.openvino_build import build
    manifest = build(model, folder)
    backend = Graphed(written_as, manifest, Graphs(folder, manifest))
    manifest = replace(manifest, differences=differences(backend, model).to_dict())
    manifest.write(folder)
    return manifest
