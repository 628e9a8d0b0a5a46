"""onnxruntime-web, which computes the graphs in the browser: one release, checked and kept."""

import base64
import hashlib
import os
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

from ostnet.backends.cache import cache_folder
from ostnet.errors import InputError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
INTEGRITY = (
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
"""SHA-512 of the archive, as ``npm view onnxruntime-web@1.30.0 dist.integrity`` says."""

FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.jspi.min.mjs",
    "ort-wasm-simd-threaded.jspi.mjs",
    "ort-wasm-simd-threaded.jspi.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
"""For processors; for WebGPU where WebAssembly can wait for promises (jspi); for other WebGPU."""

REGISTRY = "https://registry.npmjs.org"
TIMEOUT = 60.0
"""Seconds without an answer after which the registry counts as out of reach."""

_NAME = f"{PACKAGE}-{VERSION}.tgz"
_ELSEWHERE = (
    f"give --runtime FILE with the archive that 'npm pack {PACKAGE}@{VERSION}' makes elsewhere"
)


def unpack_runtime(folder: Path, archive: Path | None = None) -> None:
    """Write the files of the runtime into a folder that exists.

    Args:
        folder: gets ``FILES``.
        archive: the package as npm packs it; None: the one kept in the cache, or downloaded from
            the npm registry (that of ``npm_config_registry`` or ~/.npmrc, where they name one).

    Raises:
        InputError: the registry cannot be reached, or the archive is another than was pinned.
    """
    content = _kept() if archive is None else archive.read_bytes()
    if not _is_pinned(content):
        raise InputError(f"runtime: {archive} is not {PACKAGE} {VERSION}; {_ELSEWHERE}")
    with tarfile.open(_path() if archive is None else archive) as packed:
        for name in FILES:
            file = packed.extractfile(f"package/dist/{name}")
            assert file is not None  # the archive is the pinned one
            (folder / name).write_bytes(file.read())


def _kept() -> bytes:
    """The archive from the cache, into which it is downloaded where it is missing or broken."""
    path = _path()
    if path.is_file() and _is_pinned(content := path.read_bytes()):
        return content
    content = _download()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
    return content


def _download() -> bytes:
    address = f"{_registry()}/{PACKAGE}/-/{_NAME}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            content = answer.read()
    except (OSError, ValueError) as error:  # what urllib raises, and addresses that are none
        reason = getattr(error, "reason", error)
        raise InputError(f"runtime: {address} cannot be had ({reason}); {_ELSEWHERE}") from error
    if not _is_pinned(content):
        raise InputError(f"runtime: {address} is another file than was pinned; {_ELSEWHERE}")
    return content


def _registry() -> str:
    """The npm registry that npm would ask."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if os.environ.get(name, "").strip():
            return os.environ[name].strip().rstrip("/")
    settings = Path.home() / ".npmrc"
    lines = settings.read_text(encoding="utf-8").splitlines() if settings.is_file() else []
    for key, _, value in (line.partition("=") for line in lines):
        if key.strip() == "registry":
            return value.strip().rstrip("/")
    return REGISTRY


def _path() -> Path:
    return cache_folder().parent / _NAME


def _is_pinned(content: bytes) -> bool:
    return hashlib.sha512(content).digest() == base64.b64decode(INTEGRITY)
