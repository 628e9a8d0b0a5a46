"""Weights and Spaces on their way to the Hub."""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fake_hub import TOKEN
from hub_visitor import surroundings
from packaging.requirements import Requirement

import ostnet
from ostnet import InputError, OSTNet
from ostnet.config import ModelConfig
from ostnet.hub import Checkpoint, embedded_folders
from ostnet.hub.card import check_space, join, model_card, split
from ostnet.hub.space import TORCH

ROOT = Path(ostnet.__file__).parents[1]
needs_embedded = pytest.mark.skipif(
    not any(folder.is_dir() for folder in embedded_folders()), reason="no embedded weights"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    config = ModelConfig(
        keypoint_width=4, motion_width=4, hourglass_max_width=8, widths=(4, 4, 4), full_width=0
    )
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    OSTNet(config).save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "state").mkdir()
    (folder / "state" / "state.pt").write_bytes(b"the optimiser's")
    (folder / "evaluation").mkdir()
    (folder / "evaluation" / "findings.md").write_text("what was measured")
    return folder


def test_what_is_pushed_can_be_used_at_the_commit_that_is_printed(server, visitor, folder):
    code, out, err = visitor.ostnet("push", "someone/tiny", "--checkpoint", folder, HF_TOKEN=TOKEN)
    assert (code, err) == (0, "")
    name = re.fullmatch(r"published tiny as (someone/tiny@[0-9a-f]{40})\n", out)[1]
    files = server.repositories["someone/tiny"].commits[name.split("@")[1]]
    expected = {"config.json", "model.safetensors", "README.md", "evaluation/findings.md"}
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
        ("someone/new", (), "hf_wrong", "token: the Hub does not let it write to someone/new"),
        ("another/new", (), TOKEN, "token: the Hub does not let it write to another/new"),
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


NEWER_THAN_TORCH_2_8 = {
    "torch": "DeviceMesh GreenContext hash_tensor thread_safe_generator nativert numa "
    "miopen_ctc_loss",
    "torch.Tensor": "grad_dtype hash_tensor",
    "torch.accelerator": "Graph empty_cache empty_host_cache get_device_capability "
    "get_memory_info max_memory_allocated max_memory_reserved memory_allocated memory_reserved "
    "memory_stats reset_accumulated_memory_stats reset_peak_memory_stats",
    "torch.autograd": "enforce_grad_layout_policy",
    "torch.backends": "miopen python_native",
    "torch.backends.cuda": "blas_workspace_size cublas_workspace_size cublaslt_workspace_size "
    "is_ck_sdpa_available",
    "torch.backends.cudnn": "depthwise_kernel fp32_precision rnn",
    "torch.backends.mkldnn": "fp32_precision is_acl_available",
    "torch.compiler": "NestedCompileRegionOptions get_default_backend set_default_backend "
    "keep_portable_guards_unsafe load_compiled_function skip_all_guards_unsafe",
    "torch.cpu": "get_capabilities",
    "torch.cuda": "GreenContext caching_allocator_disabled current_solver_handle",
    "torch.library": "EffectType get_kernel",
    "torch.mps": "load_metallib",
    "torch.nn": "LinearCrossEntropyLoss LinearCrossEntropyOptions",
    "torch.nn.attention": "activate_flash_attention_impl current_flash_attention_impl "
    "list_flash_attention_impls register_flash_attention_impl restore_flash_attention_impl",
    "torch.nn.functional": "LinearCrossEntropyOptions ScalingType SwizzleType grouped_mm "
    "linear_cross_entropy scaled_grouped_mm scaled_mm",
    "torch.optim": "Muon swap_in_optimizer_params_and_state",
}
"""Public names that torch 2.13.0 declares in these modules and 2.8.0 does not, found by comparing
the two wheels' sources and stubs."""


def newer_names(code: str) -> set[str]:
    """Names of that table that the code mentions, by import or as attributes."""
    newer = {f"{home}.{name}" for home, names in NEWER_THAN_TORCH_2_8.items()
             for name in names.split()}  # fmt: skip
    methods = {f".{name}" for name in NEWER_THAN_TORCH_2_8["torch.Tensor"].split()}
    tree, local, used = ast.parse(code), {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            local |= {a.asname or a.name.split(".")[0]: a.name if a.asname else
                      a.name.split(".")[0] for a in node.names}  # fmt: skip
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            local |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
            used |= {f"{node.module}.{a.name}" for a in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            used.add(f".{node.attr}")
            chain = ast.unparse(node).split(".")
            used.add(".".join([local.get(chain[0], ""), *chain[1:]]))
    return used & (newer | methods)


def test_the_code_names_nothing_that_torch_2_8_lacks():
    """Names alone: not new arguments of old functions, nor behaviour that changed."""
    assert newer_names("import torch.nn.functional as F\nF.scaled_mm(a, b)")
    assert newer_names("from torch.optim import Muon") and newer_names("x.hash_tensor()")
    for file in (ROOT / "ostnet").rglob("*.py"):
        assert not newer_names(file.read_text(encoding="utf-8")), file
