"""Export of the static page: its files, graphs, runtime and examples in one folder."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

import ostnet
from ostnet.backends.cache import remove_oldest
from ostnet.backends.digest import checkpoint_digest, code_digest
from ostnet.backends.manifest import Manifest
from ostnet.files import cache_root, new_folder
from ostnet.model.ostnet import OSTNet
from ostnet.web.face_graph import write_face_graph
from ostnet.web.graphs import build_page_graphs
from ostnet.web.npm import ONNXRUNTIME, unpack_runtime

STATIC = Path(__file__).parent / "static"
EXAMPLES = Path(ostnet.__file__).resolve().parents[1] / "examples"
"""Examples in a checkout; an installed package has none."""

CARD = "README.md"
"""Model card in the folder of a checkpoint, and of its graphs."""

FACE = "face.onnx"
"""Graph of the face detector: for portraits, and for the driver's first second."""

SHOWN = {"portraits": (".jpg", ".png"), "driving": (".mp4",)}
"""Folder of examples -> suffixes of the files that are copied."""

ORIGINS = EXAMPLES / "README.md"
"""Origin and licence of the examples, which their licence requires with every copy."""


INDEX = "site.js"
"""File that lists all others; written last."""

KEPT = 3
"""Number of most recently used sites that are kept in the cache; about 90 MB each."""

Report = Callable[[int, int, str], object]
"""(number of a step, number of steps, what it does) -> nothing; called when the step begins."""


@dataclass(frozen=True)
class Site:
    """An exported page."""

    manifests: dict[str, Manifest]
    """Network, as in the page's address -> manifest of its graphs; from large to small."""
    sizes: dict[str, int]
    """File -> bytes."""

    def megabytes(self, backend: str) -> float:
        """Return the download of a first visit in MB, with ``wasm``, ``jspi`` or ``asyncify``."""
        first, *_, last = [*self.manifests] * 2
        network = f"graphs/{last if backend == 'wasm' else first}/"
        runtime = f"runtime/ort-wasm-simd-threaded{'' if backend == 'wasm' else f'.{backend}'}.wasm"
        others = ("runtime/", "examples/", "graphs/")
        shell = [name for name in self.sizes if not name.startswith(others)]
        graphs = [name for name in self.sizes if name.startswith((network, f"graphs/{FACE}"))]
        return sum(self.sizes[name] for name in [*shell, *graphs, runtime]) / 1e6


def site_folder(weights: dict[str, Path]) -> Path:
    """Return the folder of the cache for the site of these weights; it may not exist yet.

    Its name is a hash of weights, model card, examples, and the code that writes a site.

    Raises:
        ValueError: the weights cannot be read.
    """
    package, cards = Path(__file__).parent, [folder / CARD for folder in weights.values()]
    files = [*package.rglob("*"), *EXAMPLES.rglob("*"), *cards]
    networks = [(name, checkpoint_digest(folder)) for name, folder in weights.items()]
    digest = hashlib.sha256(f"{code_digest()} {networks}".encode())
    for path in sorted(path for path in files if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return cache_root() / "sites" / digest.hexdigest()[:16]


def prepare_site(
    weights: dict[str, Path], runtime: Path | None = None, report: Report = lambda *_: None
) -> Path:
    """Write the site of these weights into the cache, unless it is there; return its folder.

    Arguments and errors are those of :func:`export_site`. Only one process writes it; others wait.
    """
    folder = site_folder(weights)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if not (folder / INDEX).is_file():
            with TemporaryDirectory(dir=folder.parent, prefix=".building-") as place:
                export_site(weights, Path(place) / "site", runtime, report)
                os.replace(Path(place) / "site", folder)
        os.utime(folder)
    remove_oldest(folder.parent, KEPT)
    return folder


def export_site(
    weights: dict[str, Path],
    folder: Path,
    runtime: Path | None = None,
    report: Report = lambda *_: None,
) -> Site:
    """Write a folder that any file server can serve.

    Args:
        weights: name on the page -> folder of the checkpoint, whose model card is copied; from
            large to small.
        folder: new or empty; written at once or not at all.
        runtime: archive of onnxruntime-web, made by ``npm pack``; None: from the cache or the npm
            registry.
        report: called at the beginning of each step.

    Raises:
        InputError: the folder is not empty, or the runtime cannot be downloaded.
        ModuleNotFoundError: what exporting needs is not installed.
    """
    with new_folder(folder) as stage:
        shutil.copytree(STATIC, stage, dirs_exist_ok=True)
        for part in ("graphs", "runtime"):
            (stage / part).mkdir()
        steps = 2 + len(weights)
        report(1, steps, f"onnxruntime-web {ONNXRUNTIME.version} from the npm registry")
        unpack_runtime(stage / "runtime", runtime)
        networks, manifests = [], {}
        for name, checkpoint in weights.items():
            report(2 + len(networks), steps, f"networks of {name}, compared with PyTorch")
            networks.append({"id": _identifier(name), "name": name})
            graphs = stage / "graphs" / networks[-1]["id"]
            graphs.mkdir()
            model = OSTNet.from_pretrained(str(checkpoint))
            manifests[graphs.name] = build_page_graphs(model, graphs)
            if (checkpoint / CARD).is_file():
                shutil.copyfile(checkpoint / CARD, graphs / CARD)
        report(steps, steps, "face detector and examples")
        write_face_graph(stage / "graphs" / FACE)
        return Site(manifests, _describe(stage, networks, _copy_examples(stage / "examples")))


def _identifier(name: str) -> str:
    """Return a network's name in addresses."""
    return re.sub(r"[^\w.-]+", "-", name.removeprefix("ostnet-"))


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


def _describe(
    folder: Path, networks: list[dict[str, str]], examples: dict[str, list[str]]
) -> dict[str, int]:
    """Write ``site.js`` for page and service worker; return the size of each file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    digest = hashlib.sha256()
    for name in sizes:
        digest.update(name.encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    about = {
        "version": digest.hexdigest()[:16],
        "networks": networks,
        "runtime": ONNXRUNTIME.version,
        "examples": examples,
        "files": sizes,
    }
    text = f"globalThis.ostnetSite = {json.dumps(about, indent=1)};\n"
    (folder / INDEX).write_text(text, encoding="utf-8")
    return {**sizes, INDEX: len(text)}
