"""Which part of ``ostnet.evaluation`` may import which, and how a protocol is added."""

import ast
from pathlib import Path

import pytest

import ostnet.evaluation
from ostnet.evaluation import protocols
from ostnet.evaluation.protocols import suite

ROOT = Path(ostnet.evaluation.__file__).parent
LAYERS = ["data", "metrics", "report", "protocols"]


def imported(path):
    """Names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_training_is_another_matter():
    names = [name for path in ROOT.rglob("*.py") for name in imported(path)]
    assert names and not [name for name in names if name.startswith("ostnet.training")]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_knows_only_those_below_it(layer):
    above = LAYERS[LAYERS.index(layer) + 1 :]
    for path in (ROOT / layer).rglob("*.py"):
        parts = [name.split(".")[2] for name in imported(path) if "ostnet.evaluation." in name]
        assert not set(parts) & {*above, "options", "evaluate_checkpoint"}, path


def test_a_new_protocol_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "nothing_at_all.py").write_text(
        "from ostnet.evaluation.protocols.protocol import Protocol\n"
        "PROTOCOLS = (Protocol('nothing-at-all', 15),)\n"
    )
    monkeypatch.setattr(protocols, "__path__", [*protocols.__path__, str(tmp_path)])
    assert list(suite._found())[:3] == ["same-scale", "nothing-at-all", "different-scale"]
