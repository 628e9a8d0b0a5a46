"""Export of the static page: its files, graphs, runtime and examples in one folder."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import ostnet
from ostnet.backends.manifest import Manifest
from ostnet.files import new_folder
from ostnet.model.ostnet import OSTNet
from ostnet.web.face_graph import write_face_graph
from ostnet.web.graphs import build_page_graphs
from ostnet.web.npm import ONNXRUNTIME, unpack_runtime

STATIC = Path(__file__).parent / "static"
EXAMPLES = Path(ostnet.__file__).resolve().parents[1] / "examples"
"""Examples in a checkout; an installed package has none."""

FACE = "face.onnx"
"""Graph of the face detector: for portraits, and for the driver's first second."""

SHOWN = {"portraits": (".jpg", ".png"), "driving": (".mp4",)}
"""Folder of examples -> suffixes of the files that are copied."""

ORIGINS = EXAMPLES / "README.md"
"""Origin and licence of the examples, which their licence requires with every copy."""


@dataclass(frozen=True)
class Site:
    """An exported page."""

    manifest: Manifest
    """Manifest of the graphs."""
    sizes: dict[str, int]
    """File -> bytes."""

    def megabytes(self, backend: str) -> float:
        """Return the download of a first visit in MB, with ``wasm``, ``jspi`` or ``asyncify``."""
        suffix = "" if backend == "wasm" else f".{backend}"
        runtime = f"runtime/ort-wasm-simd-threaded{suffix}.wasm"
        shell = [name for name in self.sizes if not name.startswith(("runtime/", "examples/"))]
        return sum(self.sizes[name] for name in [*shell, runtime]) / 1e6


def export_site(weights: Path, name: str, folder: Path, runtime: Path | None = None) -> Site:
    """Write a folder that any file server can serve.

    Args:
        weights: folder of a checkpoint; its model card is copied.
        name: name of the weights on the page.
        folder: new or empty; written at once or not at all.
        runtime: archive of onnxruntime-web, made by ``npm pack``; None: from the cache or the npm
            registry.

    Raises:
        InputError: the folder is not empty, or the runtime cannot be downloaded.
        ModuleNotFoundError: what exporting needs is not installed.
    """
    with new_folder(folder) as stage:
        shutil.copytree(STATIC, stage, dirs_exist_ok=True)
        for part in ("graphs", "runtime"):
            (stage / part).mkdir()
        unpack_runtime(stage / "runtime", runtime)
        model = OSTNet.from_pretrained(str(weights))
        manifest = build_page_graphs(model, stage / "graphs")
        write_face_graph(stage / "graphs" / FACE)
        card = weights / "README.md"
        if card.is_file():
            shutil.copyfile(card, stage / "weights.md")
        return Site(manifest, _describe(stage, name, _copy_examples(stage / "examples")))


def _copy_examples(folder: Path) -> dict[str, list[str]]:
    """Copy the examples; return their addresses relative to the page."""
    listed = {}
    for kind, suffixes in SHOWN.items():
        found = sorted(path for path in (EXAMPLES / kind).glob("*") if path.suffix in suffixes)
        (folder / kind).mkdir(parents=True)
        for path in found:
            shutil.copyfile(path, folder / kind / path.name)
        listed[kind] = [f"examples/{kind}/{path.name}" for path in found]
    if ORIGINS.is_file():
        shutil.copyfile(ORIGINS, folder / ORIGINS.name)
    return listed


def _describe(folder: Path, checkpoint: str, examples: dict[str, list[str]]) -> dict[str, int]:
    """Write ``site.js`` for page and service worker; return the size of each file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    digest = hashlib.sha256()
    for name in sizes:
        digest.update(name.encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    about = {
        "version": digest.hexdigest()[:16],
        "checkpoint": checkpoint,
        "runtime": ONNXRUNTIME.version,
        "examples": examples,
        "files": sizes,
    }
    text = f"globalThis.ostnetSite = {json.dumps(about, indent=1)};\n"
    (folder / "site.js").write_text(text, encoding="utf-8")
    return {**sizes, "site.js": len(text)}
