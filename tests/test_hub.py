"""Where weights come from, with a small stand-in for the Hub on this machine."""

import json
import sys
from pathlib import Path

import pytest
import torch
from small_models import tiny_checkpoint

from ostnet import InputError, hub
from ostnet.backends import device
from ostnet.hub import lookup


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def files(folder) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}


@pytest.fixture
def embedded(folder, tmp_path, monkeypatch) -> Path:
    """The only embedded weights, so that the tests need none."""
    place = tmp_path / "checkpoints" / "ostnet-lite"
    place.parent.mkdir()
    place.symlink_to(folder)
    monkeypatch.setattr(lookup, "embedded_folders", lambda: [tmp_path / "wheel", place])
    monkeypatch.delenv(hub.VARIABLE, raising=False)
    return place


def test_a_folder_with_both_files(folder):
    found = hub.resolve(folder)
    assert (found.folder, found.name, found.notice) == (folder, "tiny", None)
    assert hub.resolve(str(folder)).folder == folder


def test_the_embedded_weights_are_the_default(embedded, tmp_path, monkeypatch):
    assert hub.resolve() == hub.Checkpoint(embedded, "ostnet-lite")
    monkeypatch.setattr(lookup, "embedded_folders", lambda: [tmp_path / "wheel"])
    with pytest.raises(InputError, match="embedded weights ostnet-lite are missing"):
        hub.resolve()


def test_on_cuda_the_larger_embedded_weights_take_precedence(embedded, folder, monkeypatch):
    larger = embedded.with_name("ostnet-base")
    assert hub.resolve(device="cuda").name == "ostnet-lite", "the package has no others"
    larger.symlink_to(folder)
    assert hub.resolve(device="cuda") == hub.Checkpoint(larger, "ostnet-base")
    assert hub.resolve(device="cpu").name == "ostnet-lite"
    for available, name in ((True, "ostnet-base"), (False, "ostnet-lite")):
        monkeypatch.setattr(lookup, "has_cuda", lambda found=available: found)
        assert hub.resolve().name == name
    assert hub.resolve(folder, "cuda").name == "tiny", "a named checkpoint takes precedence"
    monkeypatch.setenv("OSTNET_WEIGHTS", str(folder))
    assert hub.resolve(device="cuda").name == "tiny"


def test_a_borrowed_gpu_counts_although_its_driver_cannot_be_seen(embedded, folder, monkeypatch):
    embedded.with_name("ostnet-base").symlink_to(folder)
    monkeypatch.setattr(device, "DRIVERS", ())
    monkeypatch.setattr(device, "version", lambda package: "2.11.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert hub.resolve().name == ("ostnet-lite" if sys.platform == "linux" else "ostnet-base")
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert hub.resolve().name == "ostnet-base"


def test_the_environment_names_another_default(embedded, folder, monkeypatch):
    monkeypatch.setenv("OSTNET_WEIGHTS", str(folder))
    assert hub.resolve() == hub.Checkpoint(folder, "tiny")
    assert hub.resolve(embedded).name == "tiny", "a named checkpoint goes before the variable"


def test_a_default_that_cannot_be_used_gives_the_embedded_weights(embedded, monkeypatch):
    monkeypatch.setenv("OSTNET_WEIGHTS", "/nowhere/at/all")
    found = hub.resolve()
    assert (found.folder, found.name) == (embedded, "ostnet-lite")
    assert "OSTNET_WEIGHTS names /nowhere/at/all" in found.notice
    assert "no folder" in found.notice and "running ostnet-lite" in found.notice


def test_a_space_is_pinned_by_a_file_beside_the_embedded_weights(embedded, folder, monkeypatch):
    (embedded.parent / "default.txt").write_text(f"{folder}\n")
    assert hub.resolve().folder == folder
    monkeypatch.setenv("OSTNET_WEIGHTS", str(embedded))
    assert hub.resolve().folder == embedded, "the variable goes before the file"


@pytest.mark.parametrize(
    ("config", "weights", "problem"),
    [
        ("{}", "pytorch_model.bin", r"no model\.safetensors; only safetensors"),
        (
            '{"architectures": ["Other"]}',
            "model.safetensors",
            r"unknown fields \['architectures'\]",
        ),
    ],
)
def test_a_folder_of_something_else(folder, tmp_path, config, weights, problem):
    (tmp_path / "config.json").write_text(config)
    (tmp_path / weights).write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match=problem):
        hub.resolve(tmp_path)
    with pytest.raises(InputError, match=r"no folder '/nowhere/at/all'"):
        hub.resolve("/nowhere/at/all")


def test_weights_in_the_package_have_a_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert hub.resolve("ostnet-lite").folder == hub.embedded().folder
    with pytest.raises(InputError, match=r"no folder 'ostnet-none'; give .*ostnet-lite"):
        hub.resolve("ostnet-none")


def test_download_then_cached_copy_offline(server, visitor, files):
    tiny = server.repository("someone/tiny")
    tiny.commit({**files, "unwanted.bin": b"x", "README.md": b"# card"})
    tiny.commit(files, "v1")
    online, tagged = visitor.resolve("someone/tiny"), visitor.resolve("someone/tiny@v1")
    assert set(online["files"]) == {"config.json", "model.safetensors", "README.md"}
    assert online["notice"] is None
    assert tagged["name"] == "someone/tiny@v1" and set(tagged["files"]) == set(files)
    downloaded = Path(online["folder"]) / "model.safetensors"
    assert downloaded.read_bytes() == files["model.safetensors"]

    tiny.silent = True
    cached = visitor.resolve("someone/tiny")
    assert cached["folder"] == online["folder"]
    assert "cannot be reached" in cached["notice"] and "cached copy" in cached["notice"]
    server.repository("someone/else", silent=True).commit(files)
    unknown = visitor.resolve("someone/else")["error"]
    assert unknown.startswith("checkpoint: 'someone/else'") and "cannot be reached" in unknown


def test_a_branch_that_moves_and_a_commit_that_does_not(server, visitor, files):
    moving = server.repository("someone/moving")
    first = moving.commit(files)
    assert Path(visitor.resolve("someone/moving")["folder"]).name == first
    second = moving.commit({**files, "README.md": b"# second"})
    server.requests.clear()
    pinned = visitor.resolve(f"someone/moving@{first}")
    assert Path(pinned["folder"]).name == first and pinned["notice"] is None
    assert server.requests == [], "a commit in the cache needs no Hub"
    moved = visitor.resolve("someone/moving")
    assert Path(moved["folder"]).name == second and "README.md" in moved["files"]


def test_what_is_wrong_is_named_by_repository_and_file(server, visitor, files):
    weights, config = files["model.safetensors"], json.loads(files["config.json"])
    wider = json.dumps({**config, "widths": [4, 4, 4]}).encode()
    server.repository("someone/good").commit(files)
    server.repository("someone/pickle").commit({"config.json": b"{}", "pytorch_model.bin": b"x"})
    server.repository("someone/half").commit({**files, "model.safetensors": weights[:4000]})
    server.repository("someone/wider").commit({**files, "config.json": wider})
    server.repository("someone/private", private=True).commit(files)

    def error(name: str) -> str:
        return visitor.resolve(f"someone/{name}")["error"]

    assert "'someone/missing'" in error("missing")
    assert "someone/good has no revision 'v9'" in error("good@v9")
    assert "someone/pickle has no model.safetensors" in error("pickle")
    assert "someone/half, model.safetensors: not a readable safetensors file" in error("half")
    unfit = error("wider")
    assert "someone/wider, model.safetensors: the weights do not fit config.json" in unfit
    assert "(4, " in unfit and "(8, " in unfit, "both shapes"
    assert "'someone/private'" in error("private") and "log in" in error("private")


@pytest.mark.parametrize(
    "trouble", [{"busy": 1, "busy_files": 2}, {"cuts": 1}, {"pause": 0.2}], ids=str
)
def test_a_hub_with_trouble_that_passes(trouble, server, visitor, files):
    name = f"someone/has-{next(iter(trouble))}"
    server.repository(name, **trouble).commit(files)
    answer = visitor.resolve(name)
    assert answer["notice"] is None
    assert answer["files"] == {name: len(content) for name, content in files.items()}


@pytest.mark.skipif(
    not any(folder.is_dir() for folder in hub.embedded_folders()), reason="no embedded weights"
)
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"busy": 100}, "Service Unavailable"),
        ({"pause": 5}, "timed out"),
        ({"private": True}, "log in"),
        ({"silent": True}, "cannot be reached"),
    ],
    ids=str,
)
def test_trouble_that_stays_gives_the_embedded_weights(trouble, reason, server, visitor, files):
    """Only for the default: a named checkpoint is never replaced."""
    name = f"someone/stays-{next(iter(trouble))}"
    server.repository(name, **trouble).commit(files)
    default = visitor.resolve(None, OSTNET_WEIGHTS=name)
    assert default["name"] == "ostnet-lite" and default["seconds"] < 10
    assert f"OSTNET_WEIGHTS names {name}, which cannot be used" in default["notice"]
    assert reason in default["notice"]
