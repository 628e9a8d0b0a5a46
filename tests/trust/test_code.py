"""Code never runs what a file says."""

import ast
from pathlib import Path

import pytest

import ostnet

SOURCES = sorted(Path(ostnet.__file__).parent.rglob("*.py"))

FORBIDDEN = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "tempfile.mktemp"}
FORBIDDEN |= {f"{module}.{name}" for module in ("pickle", "marshal", "dill", "joblib", "yaml")
              for name in ("load", "loads", "Unpickler")}  # fmt: skip
NEEDS_FALSE = {"shell", "allow_pickle", "trust_remote_code"}

OWN_OBJECTS = {"dataset/prepare/cluster.py"}
"""Pickles objects that it made itself, between its own processes; reads no file."""


def offences(tree: ast.AST) -> list[str]:
    """Line and call of everything that could run a stranger's code."""
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        options = {word.arg: word.value for word in call.keywords}
        unsafe = name in FORBIDDEN
        unsafe |= any(name in NEEDS_FALSE and not _is(value, False)
                      for name, value in options.items())  # fmt: skip
        unsafe |= name == "torch.load" and not _is(options.get("weights_only"), True)
        if unsafe:
            found.append(f"{call.lineno}: {ast.unparse(call)}")
    return found


def _is(node: ast.AST | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_file_runs_what_it_reads(path):
    found = offences(ast.parse(path.read_text(encoding="utf-8")))
    if path.as_posix().endswith(tuple(OWN_OBJECTS)):
        found = [line for line in found if ": pickle.loads(row[" not in line]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "eval(x)",
        "pickle.load(f)",
        "run(x, shell=True)",
        "torch.load(p)",
        "np.load(p, allow_pickle=y)",
    ],
)
def test_the_search_finds(code):
    assert len(offences(ast.parse(code))) == 1
