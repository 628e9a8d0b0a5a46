"""Packages of the npm registry: fetched once, and only the release that was pinned."""

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from ostnet import InputError
from ostnet.cli import main
from ostnet.web.npm import Package, unpack


@pytest.fixture
def registry(tmp_path, monkeypatch) -> Path:
    """A folder that is asked in the registry's place; nothing is kept from earlier."""
    monkeypatch.setenv("npm_config_registry", tmp_path.joinpath("registry").as_uri())
    monkeypatch.setenv("OSTNET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "registry"


@pytest.fixture
def package(registry) -> Package:
    """A release with three files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        for name in ("dist/run.js", "dist/more.js", "dist/deep/run.js"):
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(name)
            packed.addfile(info, io.BytesIO(name.encode()))
    digest = base64.b64encode(hashlib.sha512(content.getvalue()).digest()).decode()
    package = Package("thing", "1.2.3", digest)
    file = registry / "thing" / "-" / package.file
    file.parent.mkdir(parents=True)
    file.write_bytes(content.getvalue())
    return package


def test_one_folder_is_unpacked_and_the_archive_kept(package, registry, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    unpack(package, "dist", first)
    assert {path.name: path.read_text() for path in first.iterdir()} == {
        "run.js": "dist/run.js",
        "more.js": "dist/more.js",
    }
    (registry / "thing" / "-" / package.file).unlink()
    unpack(package, "dist", second, ["run.js"])
    assert [path.name for path in second.iterdir()] == ["run.js"]


def test_another_file_than_was_pinned_is_refused(package, registry, tmp_path):
    file = registry / "thing" / "-" / package.file
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(InputError, match="not the expected content.; give --runtime FILE"):
        unpack(package, "dist", tmp_path)
    with pytest.raises(InputError, match="is not thing 1.2.3"):
        unpack(package, "dist", tmp_path, archive=file)


@pytest.mark.slow
def test_a_registry_out_of_reach_is_one_line(registry, tmp_path, capsys):
    assert main(["export", "--format", "web", "--output", str(tmp_path / "site")]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("ostnet: error: runtime: file:") and printed.count("\n") == 1
    assert "npm pack onnxruntime-web@1.30.0" in printed
    assert not (tmp_path / "site").exists(), "nothing is left"
