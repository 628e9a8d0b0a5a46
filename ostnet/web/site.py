"""The static site: the page, its graphs, the runtime and the examples in one folder."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import ostnet
from ostnet.backends.manifest import Manifest
from ostnet.errors import InputError
from ostnet.model.ostnet import OSTNet
from ostnet.web.face_graph import write_face_graph
from ostnet.web.graphs import build_page_graphs
from ostnet.web.runtime import PACKAGE, unpack_runtime

STATIC = Path(__file__).parent / "static"
EXAMPLES = Path(ostnet.__file__).resolve().parents[1] / "examples"
"""Beside a checkout; a page exported from an installed package has none."""

FACE = "face.onnx"
"""The face finder's graph: for portraits of visitors, and for the driver's first second."""

SHOWN = {"portraits": (".jpg", ".png"), "driving": (".mp4",)}
"""The examples that go along, by folder."""

ORIGINS = EXAMPLES / "README.md"
"""Whose the examples are; the licence of the clips asks for its text beside every copy."""


@dataclass(frozen=True)
class Site:
    """What was written."""

    manifest: Manifest
    """Of the graphs."""
    sizes: dict[str, int]
    """File -> bytes."""

    def megabytes(self, backend: str) -> float:
        """What a first visit loads, in 10^6 bytes, with ``wasm``, ``jspi`` or ``asyncify``."""
        suffix = "" if backend == "wasm" else f".{backend}"
        runtime = f"runtime/ort-wasm-simd-threaded{suffix}.wasm"
        shell = [name for name in self.sizes if not name.startswith(("runtime/", "examples/"))]
        return sum(self.sizes[name] for name in [*shell, runtime]) / 1e6


def export_site(
    model: OSTNet, folder: Path, checkpoint: str, card: Path | None, runtime: Path | None = None
) -> Site:
    """Write a folder that any file server can serve as it is.

    Args:
        model: on the CPU, in evaluation mode.
        folder: to be made; may exist if it is empty. Nothing is left there if anything fails.
        checkpoint: what the page calls the weights.
        card: their model card with their terms, which goes along where there is one.
        runtime: onnxruntime-web as npm packs it; None: from the cache or the npm registry.

    Raises:
        InputError: the folder is not empty, or the runtime cannot be had.
        ModuleNotFoundError: what exporting needs is not installed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"output: {str(folder)!r} is not empty; give a new or an empty folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".exporting-") as place:
        stage = Path(place) / "site"
        shutil.copytree(STATIC, stage)
        for part in ("graphs", "runtime"):
            (stage / part).mkdir()
        unpack_runtime(stage / "runtime", runtime)
        manifest = build_page_graphs(model, stage / "graphs")
        write_face_graph(stage / "graphs" / FACE)
        if card is not None and card.is_file():
            shutil.copyfile(card, stage / "weights.md")
        site = Site(manifest, _describe(stage, checkpoint, _copy_examples(stage / "examples")))
        if folder.exists():
            folder.rmdir()
        shutil.move(stage, folder)
    return site


def _copy_examples(folder: Path) -> dict[str, list[str]]:
    """The examples, as addresses below the page."""
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
    """Write ``site.js``, by which page and service worker know the site; the size of each file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    digest = hashlib.sha256()
    for name in sizes:
        digest.update(name.encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    about = {
        "version": digest.hexdigest()[:16],
        "checkpoint": checkpoint,
        "runtime": PACKAGE.version,
        "examples": examples,
        "files": sizes,
    }
    text = f"globalThis.ostnetSite = {json.dumps(about, indent=1)};\n"
    (folder / "site.js").write_text(text, encoding="utf-8")
    return {**sizes, "site.js": len(text)}
