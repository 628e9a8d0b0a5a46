"""Where weights come from, with a small stand-in for the Hub on this machine."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from ostnet import InputError, OSTNet, hub
from ostnet.config import ModelConfig

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    config = ModelConfig(
        keypoint_width=4, motion_width=4, hourglass_max_width=8, widths=(4, 4, 4), full_width=0
    )
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    OSTNet(config).save_pretrained(folder)
    return folder


def test_a_folder_with_both_files(folder):
    found = hub.resolve(folder)
    assert (found.folder, found.name, found.notice) == (folder, "tiny", None)
    assert hub.resolve(str(folder)).folder == folder


def test_the_embedded_weights_are_the_default(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "embedded_folders", lambda: [tmp_path / "wheel", folder])
    assert hub.resolve() == hub.Checkpoint(folder, "ostnet-lite")
    monkeypatch.setattr(hub, "embedded_folders", lambda: [tmp_path / "wheel"])
    with pytest.raises(InputError, match="embedded weights ostnet-lite are missing"):
        hub.resolve()


def test_no_such_folder():
    with pytest.raises(InputError, match=r"no folder '/nowhere/at/all'"):
        hub.resolve("/nowhere/at/all")


def test_a_pickle_is_no_checkpoint(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(InputError, match=r"no model\.safetensors; only safetensors"):
        hub.resolve(tmp_path)


class FakeHub(BaseHTTPRequestHandler):
    """Answers for one repository, ``someone/tiny``, with branch main and tag v1."""

    files: dict[str, bytes] = {}

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self.answer_api(parts[2:])
        elif parts[:2] == ["someone", "tiny"] and parts[2] == "resolve":
            self.send(200, self.files["/".join(parts[4:])])
        else:
            self.send(404, b"", "RepoNotFound")

    def answer_api(self, parts):
        revision = parts[3] if parts[2:3] == ["revision"] else "main"
        if parts[:2] != ["someone", "tiny"]:
            self.send(404, b"", "RepoNotFound")
        elif revision not in ("main", "v1", COMMIT):
            self.send(404, b"", "RevisionNotFound")
        elif parts[2:3] == ["tree"]:
            listing = [
                {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                for name, content in self.files.items()
            ]
            self.send(200, json.dumps(listing).encode())
        else:
            siblings = [{"rfilename": name} for name in self.files]
            info = {"id": "someone/tiny", "sha": COMMIT, "siblings": siblings}
            self.send(200, json.dumps(info).encode())

    def send(self, code: int, content: bytes, error: str | None = None):
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(folder):
    names = ("config.json", "model.safetensors")
    FakeHub.files = {name: (folder / name).read_bytes() for name in names}
    FakeHub.files["unwanted.bin"] = b"x"
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(endpoint: str, cache: Path, *checkpoints: str) -> list[dict]:
    """Resolve in a fresh process, since the Hub's client reads its settings when imported."""
    code = (
        "import json, sys\n"
        "from ostnet import InputError, hub\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        found = hub.resolve(name)\n"
        "        files = sorted(path.name for path in found.folder.iterdir())\n"
        "        print(json.dumps({'name': found.name, 'files': files,\n"
        "              'folder': str(found.folder), 'notice': found.notice}))\n"
        "    except InputError as error:\n"
        "        print(json.dumps({'error': str(error)}))\n"
    )
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1"}
    left_out = (
        "HF_HUB_OFFLINE",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "HTTP_PROXY",
        "http_proxy",
    )
    inherited = {key: value for key, value in os.environ.items() if key not in left_out}
    ended = subprocess.run(
        [sys.executable, "-c", code, *checkpoints],
        capture_output=True, text=True, timeout=120, env={**inherited, **settings},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_download_then_cached_copy_offline(server, folder, tmp_path):
    (online, tagged) = ask(server, tmp_path, "someone/tiny", "someone/tiny@v1")
    assert online["files"] == ["config.json", "model.safetensors"]
    assert online["notice"] is None
    assert tagged["name"] == "someone/tiny@v1"
    downloaded = Path(online["folder"]) / "model.safetensors"
    assert downloaded.read_bytes() == (folder / "model.safetensors").read_bytes()

    nowhere = "http://127.0.0.1:9"
    (cached, unknown) = ask(nowhere, tmp_path, "someone/tiny", "someone/else")
    assert cached["folder"] == online["folder"]
    assert "cannot be reached" in cached["notice"] and "cached copy" in cached["notice"]
    assert unknown["error"].startswith("checkpoint: 'someone/else'")
    assert "cannot be reached" in unknown["error"]


def test_what_the_hub_does_not_have_is_named(server, tmp_path):
    (repo, revision) = ask(server, tmp_path, "someone/missing", "someone/tiny@v9")
    assert "'someone/missing'" in repo["error"] and "Hub" in repo["error"]
    assert "someone/tiny has no revision 'v9'" in revision["error"]


def test_a_repository_without_safetensors(server, tmp_path):
    FakeHub.files = {"config.json": b"{}", "pytorch_model.bin": b"pickle"}
    (answer,) = ask(server, tmp_path, "someone/tiny")
    assert "someone/tiny has no model.safetensors" in answer["error"]
