"""Weights and Spaces on their way to the Hub."""

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fake_hub import TOKEN
from hub_visitor import surroundings
from packaging.requirements import Requirement
from small_models import tiny_checkpoint

import ostnet
from ostnet import InputError
from ostnet.hub import Checkpoint, embedded_folders
from ostnet.hub.card import check_space, join, model_card, split
from ostnet.hub.space import TORCH

ROOT = Path(ostnet.__file__).parents[1]
needs_embedded = pytest.mark.skipif(
    not any(folder.is_dir() for folder in embedded_folders()), reason="no embedded weights"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tiny_checkpoint(tmp_path_factory.mktemp("weights") / "tiny")
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "state").mkdir()
    (folder / "state" / "state.pt").write_bytes(b"the optimiser's")
    (folder / "evaluation").mkdir()
    (folder / "evaluation" / "findings.md").write_text("what was measured")
    (folder / "training-log.md").write_text("how it was trained")
    return folder


def test_what_is_pushed_can_be_used_at_the_commit_that_is_printed(server, visitor, folder):
    code, out, err = visitor.ostnet("push", "someone/tiny", "--checkpoint", folder, HF_TOKEN=TOKEN)
    assert (code, err) == (0, "")
    name = re.fullmatch(r"published tiny as (someone/tiny@[0-9a-f]{40})\n", out)[1]
    files = server.repositories["someone/tiny"].commits[name.split("@")[1]]
    expected = {"config.json", "model.safetensors", "README.md", "training-log.md",
                "evaluation/findings.md"}  # fmt: skip
    assert set(files) == expected
    assert files["model.safetensors"] == (folder / "model.safetensors").read_bytes()
    assert visitor.resolve(name)["name"] == name


def test_a_private_repository_and_a_branch(server, visitor, folder):
    flags = ("--checkpoint", folder, "--private", "--branch", "trial")
    code, _, err = visitor.ostnet("push", "someone/secret", *flags, HF_TOKEN=TOKEN)
    assert code == 0, err
    repository = server.repositories["someone/secret"]
    assert repository.private
    assert "model.safetensors" in repository.commits[repository.branches["trial"]]
    assert repository.commits[repository.branches["main"]] == {}


@pytest.mark.parametrize(
    ("repo", "flags", "token", "reason"),
    [
        ("someone/new", (), "", "token: none found"),
        ("someone/new", (), "hf_wrong", "token: it has no write access to someone/new"),
        ("another/new", (), TOKEN, "token: it has no write access to another/new"),
        ("someone/open", ("--private",), TOKEN, "repo: someone/open exists and is public"),
        ("new", (), TOKEN, "repo: found 'new', expected owner/repo"),
    ],
)
def test_a_push_that_is_refused_is_one_line(repo, flags, token, reason, server, visitor, folder):
    server.repository("someone/open").commit({})
    code, _, err = visitor.ostnet("push", repo, "--checkpoint", folder, *flags, HF_TOKEN=token)
    assert code == 2 and err.count("\n") == 1
    assert err.startswith(f"ostnet: error: {reason}")
    assert "someone/new" not in server.repositories
    assert list(server.repositories["someone/open"].commits.values()) == [{}]


def test_a_card_is_made_of_what_the_files_say(folder):
    values, body = split(model_card(Checkpoint(folder, "tiny"), "someone/tiny"))
    assert values["library_name"] == "ostnet" and values["pipeline_tag"] == "image-to-video"
    assert "license" not in values, "nobody stated one"
    assert 'from_pretrained("someone/tiny")' in body and "No measurements" in body


def test_a_card_links_to_the_licence_beside_the_weights(folder):
    (folder / "LICENSE").write_text("terms")
    values, body = split(model_card(Checkpoint(folder, "tiny"), "someone/tiny"))
    (folder / "LICENSE").unlink()
    assert (values["license"], values["license_link"]) == ("other", "LICENSE")
    assert "`LICENSE` states the terms" in body
    ours = ROOT / "checkpoints" / "ostnet-lite"
    values, _ = split((ours / "README.md").read_text())
    assert values["license"] == "other" and (ours / values["license_link"]).is_file()


def test_a_card_of_the_checkpoint_itself_stays(folder, tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n\n# Mine\n")
    values, body = split(model_card(Checkpoint(tmp_path, "mine"), "someone/tiny"))
    assert body == "# Mine\n"
    assert values["license"] == "mit" and values["library_name"] == "ostnet"


def test_front_matter_and_body_survive_each_other():
    values = {"title": "é: 🎭", "python_version": "3.12", "models": ["a/b"]}
    assert split(join(values, "# Title\n")) == (values, "# Title\n")
    assert split("# No block\n") == ({}, "# No block\n")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("colour", "red"),
        ("colorFrom", "crimson"),
        ("python_version", 3.12),
        ("sdk_version", "6"),
        ("short_description", "x" * 61),
        ("suggested_hardware", "zero"),
        ("models", "someone/tiny"),
        ("preload_from_hub", ["someone/tiny config.json main"]),
    ],
)
def test_front_matter_that_the_hub_does_not_document(key, value):
    values = {"title": "x", "sdk": "gradio", "sdk_version": "6.31.0", "app_file": "app.py"}
    check_space(values)
    with pytest.raises(InputError, match=f"README.md: .*{key}"):
        check_space({**values, key: value})


@needs_embedded
def test_a_space_takes_its_weights_from_the_hub_and_else_runs_the_embedded_ones(
    server, visitor, folder, tmp_path
):
    """The exported copy of the package decides, not this one."""
    files = {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}
    repository = server.repository("someone/space")
    measured = {"evaluation/findings.md": b"far", "metrics.json": b"{}"}
    commit = repository.commit({**files, **measured, "unwanted.bin": b"x"})
    repository.commit({**files, "README.md": b"# a later commit"})
    space = tmp_path / "space"
    ended = visitor.ostnet("export-space", space, "--weights", f"someone/space@{commit}")
    assert ended[0] == 0 and ended[2] == ""
    values, _ = split((space / "README.md").read_text(encoding="utf-8"))
    wanted = "config.json,model.safetensors,evaluation/findings.md,metrics.json"
    assert values["preload_from_hub"] == [f"someone/space {wanted} {commit}"]
    code = (
        f"import sys; sys.path.insert(0, {str(space)!r}); import ostnet;"
        f"assert ostnet.__file__.startswith({str(space)!r});"
        "from ostnet import hub; found = hub.resolve();"
        "import json; print(json.dumps([found.name, found.notice, str(found.folder)]))"
    )

    def weights(cache: str, **settings) -> list:
        environment = {**surroundings(server, tmp_path / cache), **settings}
        command = [sys.executable, "-c", code]
        return json.loads(subprocess.check_output(command, env=environment, timeout=120))

    name, notice, place = weights("cache")
    assert (name, notice, Path(place).name) == (f"someone/space@{commit}", None, commit)
    assert weights("cache", HF_HUB_OFFLINE="1")[0] == name, "preloaded"
    name, notice, place = weights("empty", HF_HUB_OFFLINE="1")
    assert name == "ostnet-lite" and place == str(space / "checkpoints" / "ostnet-lite")
    assert f"names someone/space@{commit}, which cannot be used" in notice


def test_the_torch_of_a_space_is_also_ours():
    """The ranges overlap at both ends of what ZeroGPU lists; nothing is installed to prove more."""
    lines = (ROOT / "requirements.txt").read_text().split()
    (ours,) = (r.specifier for r in map(Requirement, lines) if r.name == "torch")
    space = Requirement(f"torch{TORCH}").specifier
    for release in ("2.8.0", "2.9.1", "2.10.0", "2.11.0"):
        assert release in ours and release in space
    for release in ("2.7.1", "2.12.0"):
        assert release not in space


def test_the_sdk_of_a_space_is_the_gradio_that_is_tested():
    values, _ = split((ROOT / "README.md").read_text())
    try:
        installed = importlib.metadata.version("gradio")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("gradio is not installed")
    assert values["sdk_version"].split(".")[:2] == installed.split(".")[:2]
