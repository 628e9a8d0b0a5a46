"""A stand-in for the Hugging Face Hub on this machine's loopback interface.

Speaks the part of its protocol that downloading and publishing a model use, with real files and
real commits, and misbehaves on request. :class:`hub_visitor.Visitor` uses it.
"""

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_of_someone"
"""Token that may write to repositories of ``someone``."""


@dataclass
class Repository:
    """Files by commit, commits by branch, and what goes wrong with it."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    private: bool = False
    busy: int = 0
    """Answer this many questions about it with 503 first."""
    busy_files: int = 0
    """Answer this many downloads with 503 first."""
    silent: bool = False
    """Close the connection without an answer."""
    pause: float = 0.0
    """Seconds before each answer."""
    cuts: int = 0
    """Break this many downloads of the weights off in the middle."""

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Move a branch to a new commit with these files alone; its hash."""
        text = json.dumps({name: hashlib.sha1(data).hexdigest() for name, data in files.items()})
        sha = hashlib.sha1(f"{len(self.commits)} {text}".encode()).hexdigest()
        self.commits[sha] = dict(files)
        self.branches[branch] = sha
        return sha


class FakeHub(ThreadingHTTPServer):
    """``with FakeHub() as hub: hub.repository("someone/tiny").commit(files)``."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.repositories: dict[str, Repository] = {}
        self.stored: dict[str, bytes] = {}
        self.requests: list[str] = []

    def repository(self, name: str, **trouble) -> Repository:
        """A new repository."""
        self.repositories[name] = made = Repository(**trouble)
        return made

    def handle_error(self, *_):
        """Print nothing: closed connections are part of the tests."""

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.server.requests.append(f"{self.command} {self.path}")
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"] and (repository := self._find(parts[2:4])):
            self._describe("/".join(parts[2:4]), repository, parts[4:])
        elif parts[2:3] == ["resolve"] and (repository := self._find(parts[:2])):
            self._download(repository, parts[3], "/".join(parts[4:]))
        else:
            self._refuse(404, "RepoNotFound")

    def _find(self, parts: list[str]) -> Repository | None:
        repository = self.server.repositories.get("/".join(parts))
        if repository and repository.silent:
            raise ConnectionAbortedError
        if repository and repository.pause:
            time.sleep(repository.pause)
        return (
            None if repository is None or (repository.private and not self._may()) else repository
        )

    def _describe(self, name: str, repository: Repository, parts: list[str]):
        if repository.busy:
            repository.busy -= 1
            return self._refuse(503)
        revision = parts[1] if parts[:1] in (["revision"], ["tree"]) else "main"
        sha = repository.branches.get(revision, revision)
        if sha not in repository.commits:
            return self._refuse(404, "RevisionNotFound")
        if parts[:1] == ["tree"]:
            return self._json(_tree(repository.commits[sha]))
        files = [{"rfilename": file} for file in repository.commits[sha]]
        answer = {"id": name, "sha": sha, "private": repository.private, "siblings": files}
        return self._json(answer)

    def _download(self, repository: Repository, revision: str, file: str):
        sha = repository.branches.get(revision, revision)
        if repository.busy_files and self.command == "GET":
            repository.busy_files -= 1
            return self._refuse(503)
        if sha not in repository.commits:
            return self._refuse(404, "RevisionNotFound")
        if file not in repository.commits[sha]:
            return self._refuse(404, "EntryNotFound", sha)
        content, begin = repository.commits[sha][file], 0
        headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": sha}
        if asked := self.headers.get("Range"):
            begin = int(asked.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        rest = content[begin:]
        cut = self.command == "GET" and file.endswith(".safetensors") and repository.cuts > 0
        repository.cuts -= cut
        self._begin(206 if begin else 200, len(rest), headers)
        if self.command == "GET":
            self.wfile.write(rest[: len(rest) // 2] if cut else rest)
        return None

    def do_POST(self):
        self.server.requests.append(f"{self.command} {self.path}")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts == ["api", "validate-yaml"]:
            self._json({"errors": [], "warnings": []})
        elif not self._may():
            self._refuse(401, message="Invalid username or password.")
        elif parts == ["api", "repos", "create"]:
            self._create(json.loads(body))
        elif parts[4:5] == ["preupload"]:
            self._json({"files": [_mode(file["path"]) for file in json.loads(body)["files"]]})
        elif parts[-2:] == ["objects", "batch"]:
            self._batch(json.loads(body))
        elif parts[4:5] == ["branch"]:
            self._branch("/".join(parts[2:4]), parts[5])
        elif parts[4:5] == ["commit"]:
            self._commit("/".join(parts[2:4]), parts[5], body)
        else:
            self._refuse(404)

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.stored[hashlib.sha256(content).hexdigest()] = content
        self._json({})

    def _create(self, wish: dict):
        name = f"{wish['organization']}/{wish['name']}"
        if wish["organization"] != "someone":
            return self._refuse(403, message=f"You don't have the rights to create {name}")
        if name in self.server.repositories:
            return self._json({"url": f"{self.server.url}/{name}"}, 409)
        private = wish.get("visibility") == "private" or bool(wish.get("private"))
        self.server.repository(name, private=private).commit({})
        return self._json({"url": f"{self.server.url}/{name}"})

    def _branch(self, name: str, branch: str):
        branches = self.server.repositories[name].branches
        code = 409 if branch in branches else 200
        branches.setdefault(branch, branches["main"])
        self._json({}, code)

    def _batch(self, wish: dict):
        for item in wish["objects"]:
            item["actions"] = {"upload": {"href": f"{self.server.url}/lfs/{item['oid']}"}}
        self._json({"transfer": "basic", "objects": wish["objects"]})

    def _commit(self, name: str, branch: str, body: bytes):
        repository = self.server.repositories[name]
        files = dict(repository.commits[repository.branches[branch]])
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.stored[value["oid"]]
        sha = repository.commit(files, branch)
        self._json({"commitUrl": f"{self.server.url}/{name}/commit/{sha}", "commitOid": sha})

    def _may(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _json(self, value: dict, code: int = 200):
        content = json.dumps(value).encode()
        self._begin(code, len(content), {"Content-Type": "application/json"})
        if self.command != "HEAD":
            self.wfile.write(content)

    def _refuse(self, code: int, error: str = "", commit: str = "", message: str = ""):
        headers = {"X-Error-Code": error, "X-Error-Message": message, "X-Repo-Commit": commit}
        self._begin(code, 0, {key: value for key, value in headers.items() if value})

    def _begin(self, code: int, length: int, headers: dict[str, str]):
        self.send_response(code)
        self.send_header("Content-Length", str(length))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, *_):
        pass


def _tree(files: dict[str, bytes]) -> list[dict]:
    """A commit's files as the Hub lists them."""
    return [
        {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
        for path, data in files.items()
    ]


def _mode(path: str) -> dict:
    large = path.endswith((".safetensors", ".jpg"))
    return {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
