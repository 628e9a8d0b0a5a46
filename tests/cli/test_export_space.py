"""``ostnet export-space``: the tree that is written, and what is refused."""

import subprocess
from pathlib import Path

import pytest
from small_models import tiny_checkpoint

import ostnet as package
from ostnet.hub import embedded_folders, lookup
from ostnet.hub.card import check_space, split
from ostnet.hub.space import TORCH

ROOT = Path(package.__file__).parents[1]
COMMIT = "0123456789abcdef0123456789abcdef01234567"

pytestmark = pytest.mark.skipif(
    not any(folder.is_dir() for folder in embedded_folders()), reason="no embedded weights"
)


@pytest.fixture
def offline(monkeypatch):
    """The Hub's client does not try to reach it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def test_the_tree_of_a_space(ostnet, tmp_path):
    space = tmp_path / "space"
    code, out, err = ostnet("export-space", space)
    assert (code, err) == (0, "") and str(space) in out
    assert {path.name for path in space.iterdir()} == {
        ".gitattributes", "LICENSE", "README.md", "app.py", "checkpoints", "examples", "ostnet",
        "requirements.txt",
    }  # fmt: skip
    for folder in ("ostnet", "examples", "checkpoints"):
        assert contents(space / folder) == contents(ROOT / folder)

    values, body = split((space / "README.md").read_text(encoding="utf-8"))
    check_space(values)
    assert values["python_version"] == "3.12" and values["sdk"] == "gradio"
    assert not {"models", "preload_from_hub"} & set(values)
    assert body.startswith("# OSTNet") and "checkpoints/ostnet-lite" in body
    assert [path.name for path in tmp_path.iterdir()] == ["space"], "nothing is left beside it"


@pytest.mark.parametrize("names", [["ostnet-lite"], ["ostnet-base", "ostnet-lite"]])
def test_larger_weights_are_named_only_where_they_are(ostnet, tmp_path, monkeypatch, names):
    for name in names:
        tiny_checkpoint(tmp_path / name)
    monkeypatch.setattr(lookup, "embedded_folders", lambda: [tmp_path / "ostnet-lite"])
    space = tmp_path / "space"
    ostnet("export-space", space)
    assert sorted(path.name for path in (space / "checkpoints").iterdir()) == names
    text = (space / "README.md").read_text(encoding="utf-8")
    assert ("ostnet-base" in text) == ("ostnet-base" in names)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but caches and generated stubs."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".pyi")
    }


def test_requirements_are_the_projects_but_for_torch(ostnet, tmp_path):
    ostnet("export-space", tmp_path / "space")
    ours = (ROOT / "requirements.txt").read_text().splitlines()
    space = (tmp_path / "space" / "requirements.txt").read_text().splitlines()
    assert [line for line in space if line not in ours] == [f"torch{TORCH}"]
    assert len(space) == len(ours)


def test_git_sends_pictures_clips_and_weights_through_lfs(ostnet, tmp_path):
    space = tmp_path / "space"
    ostnet("export-space", space)
    subprocess.run(["git", "init", "-q", space], check=True)
    files = [path for path in space.rglob("*") if path.is_file() and ".git/" not in str(path)]
    listed = subprocess.run(
        ["git", "-C", space, "check-attr", "filter", *files],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    through = {Path(line.split(": ")[0]).suffix for line in listed if line.endswith(": lfs")}
    assert {".mp4", ".png", ".jpg", ".safetensors"} <= through
    assert not through & {".py", ".md", ".txt", ".json"}


def test_weights_on_the_hub_are_pinned_and_preloaded(ostnet, tmp_path, offline):
    space = tmp_path / "space"
    code, _, err = ostnet("export-space", space, "--weights", f"someone/tiny@{COMMIT}")
    assert code == 0
    assert err.startswith(f"ostnet: warning: weights: someone/tiny@{COMMIT} could not be checked")
    values, body = split((space / "README.md").read_text(encoding="utf-8"))
    check_space(values)
    assert values["models"] == ["someone/tiny"]
    assert values["preload_from_hub"] == [f"someone/tiny config.json,model.safetensors {COMMIT}"]
    assert (space / "checkpoints" / "default.txt").read_text() == f"someone/tiny@{COMMIT}\n"
    assert (space / "checkpoints" / "ostnet-lite" / "model.safetensors").is_file()
    assert f"someone/tiny@{COMMIT}" in body


def test_an_empty_folder_is_filled(ostnet, tmp_path):
    assert ostnet("export-space", tmp_path)[0] == 0
    assert (tmp_path / "app.py").is_file()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["full"], "dir: "),
        (["file.txt"], "dir: "),
        (["new", "--weights", "someone/tiny"], "weights: found 'someone/tiny'"),
        (["new", "--weights", "someone/tiny@main"], "weights: found 'someone/tiny@main'"),
        (["new", "--weights", "someone/tiny@0123abc"], "weights: found 'someone/tiny@0123abc'"),
        ([ROOT / "examples" / "space"], "dir: "),
        ([], "dir: missing"),
    ],
)
def test_what_is_refused_is_one_line(arguments, reason, ostnet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file.txt").write_text("mine")
    code, _, err = ostnet("export-space", *arguments)
    assert code == 2 and err.count("\n") == 1
    assert err.startswith(f"ostnet: error: {reason}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "full"]
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
