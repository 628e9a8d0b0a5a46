"""Pinned packages of the npm registry, downloaded and unpacked without npm."""

import base64
import hashlib
import os
import tarfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ostnet.errors import InputError
from ostnet.files import cache_root, download

REGISTRY = "https://registry.npmjs.org"


@dataclass(frozen=True)
class Package:
    """One release."""

    name: str
    version: str
    integrity: str
    """SHA-512 of the archive, from ``npm view NAME@VERSION dist.integrity``, after "sha512-"."""

    @property
    def file(self) -> str:
        """Name of the archive."""
        return f"{self.name}-{self.version}.tgz"

    def is_archive(self, content: bytes) -> bool:
        """Return whether this is the pinned archive."""
        return hashlib.sha512(content).digest() == base64.b64decode(self.integrity)


ONNXRUNTIME = Package(
    "onnxruntime-web",
    "1.30.0",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)
"""The package that computes the graphs in the browser."""

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
"""Its files for CPUs, for WebGPU in browsers with JavaScript promise integration (jspi), and for
WebGPU in others."""

_LICENCE = (
    f"onnxruntime-web {ONNXRUNTIME.version} (this folder): Copyright (c) Microsoft Corporation, "
    "MIT License,\nhttps://github.com/microsoft/onnxruntime/blob/main/LICENSE\n"
)


def unpack_runtime(folder: Path, archive: Path | None = None) -> None:
    """Write onnxruntime-web and its licence into an existing folder; see :func:`unpack`."""
    unpack(ONNXRUNTIME, "dist", folder, FILES, archive)
    (folder / "LICENSE.txt").write_text(_LICENCE, encoding="utf-8")


def unpack(
    package: Package,
    part: str,
    folder: Path,
    names: Collection[str] | None = None,
    archive: Path | None = None,
) -> None:
    """Write the files of one folder of a package into an existing folder.

    Args:
        package: the release.
        part: its folder, such as ``dist``, or empty for the topmost; subfolders are left out.
        folder: where the files are written.
        names: the files; None: all.
        archive: made by ``npm pack``; None: from the cache or the npm registry (that of
            ``npm_config_registry`` or ~/.npmrc, if set).

    Raises:
        InputError: the download fails, or the archive is not the pinned one.
    """
    elsewhere = (
        "give --runtime FILE with the archive that "
        f"'npm pack {package.name}@{package.version}' makes elsewhere"
    )
    if archive is None:
        archive = cache_root() / package.file
        if not (archive.is_file() and package.is_archive(archive.read_bytes())):
            url = f"{_registry()}/{package.name}/-/{package.file}"
            try:
                download(url, archive, package.is_archive)
            except OSError as error:
                reason = getattr(error, "reason", error)
                raise InputError(
                    f"runtime: {url} cannot be downloaded ({reason}); {elsewhere}"
                ) from error
    elif not package.is_archive(archive.read_bytes()):
        raise InputError(f"runtime: {archive} is not {package.name} {package.version}; {elsewhere}")
    with tarfile.open(archive) as packed:
        for member in packed:
            path = PurePosixPath(member.name)
            is_in_part = path.parent == PurePosixPath("package", part)
            is_wanted = is_in_part and (not names or path.name in names)
            if is_wanted and member.isfile() and (file := packed.extractfile(member)):
                (folder / path.name).write_bytes(file.read())


def _registry() -> str:
    """Return the registry that npm would use."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if os.environ.get(name, "").strip():
            return os.environ[name].strip().rstrip("/")
    settings = Path.home() / ".npmrc"
    lines = settings.read_text(encoding="utf-8").splitlines() if settings.is_file() else []
    for key, _, value in (line.partition("=") for line in lines):
        if key.strip() == "registry":
            return value.strip().rstrip("/")
    return REGISTRY
