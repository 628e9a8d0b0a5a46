"""Built graphs are cached, and checked before use."""

import os

import numpy as np
import pytest
import torch

from ostnet import Animator
from ostnet.backends import export, usable
from ostnet.backends.cache import KEPT, cached
from ostnet.backends.digest import model_digest
from ostnet.backends.manifest import GraphFile, Manifest, file_digest

CPU = torch.device("cpu")
needs_openvino = pytest.mark.skipif("openvino" not in usable(CPU), reason="no OpenVINO")


def write_graph(folder, text="graph"):
    """A manifest with one file."""
    (folder / "detect.xml").write_text(text)
    graph = GraphFile({}, [], {"detect.xml": file_digest(folder / "detect.xml")})
    manifest = Manifest("openvino", "", {}, {}, None, {"detect": graph}, "")
    manifest.write(folder)
    return manifest


@pytest.fixture
def builds(monkeypatch, tmp_path):
    """A cache of its own, and a build that counts."""
    monkeypatch.setenv("OSTNET_CACHE", str(tmp_path))
    calls = []

    def build(folder):
        calls.append(folder)
        return write_graph(folder)

    build.calls = calls
    return build


def test_built_once(builds):
    folder, first = cached("a", builds)
    again, second = cached("a", builds)
    assert (folder, first) == (again, second) and len(builds.calls) == 1
    cached("b", builds)
    assert len(builds.calls) == 2


def test_a_cache_that_can_only_be_read_is_used(builds, monkeypatch):
    folder, _ = cached("a", builds)

    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(os, "utime", refuse)
    assert cached("a", builds)[0] == folder and len(builds.calls) == 1


DAMAGE = {
    "changed graph": lambda folder: (folder / "detect.xml").write_text("grapf"),
    "broken manifest": lambda folder: (folder / "manifest.json").write_text("{"),
    "missing graph": lambda folder: (folder / "detect.xml").unlink(),
    "empty folder": lambda folder: [path.unlink() for path in folder.iterdir()],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_broken_entry_is_built_again(builds, damage):
    folder, _ = cached("a", builds)
    damage(folder)
    folder, manifest = cached("a", builds)
    assert len(builds.calls) == 2
    assert Manifest.read(folder) == manifest and (folder / "detect.xml").read_text() == "graph"


def test_a_build_that_fails_leaves_nothing(builds, tmp_path):
    def fail(folder):
        write_graph(folder)
        raise RuntimeError("full")

    with pytest.raises(RuntimeError):
        cached("a", fail)
    assert not list((tmp_path / "graphs").iterdir())


def test_only_the_last_used_stay(builds, tmp_path):
    for number in range(KEPT + 3):
        folder, _ = cached(str(number), builds)
        os.utime(folder, (number, number))
    cached("last", builds)
    kept = {path.name for path in (tmp_path / "graphs").iterdir()}
    assert kept == {"last", *(str(number) for number in range(4, KEPT + 3))}


def test_the_digest_follows_weights_and_configuration(small):
    before = model_digest(small())
    assert model_digest(small()) == before != model_digest(small("speaking"))
    changed = small()
    changed.detector.heatmaps.bias.data[0] += 1e-3
    assert model_digest(changed) != before


@needs_openvino
def test_the_second_animator_builds_nothing(small, pictures, monkeypatch):
    Animator(small(), "cpu", "openvino")
    monkeypatch.setattr(export, "build_openvino", None)
    animator = Animator(small(), "cpu", "openvino")
    animator.set_source(pictures[0])
    assert next(animator.animate(pictures[1:])).image.any()


@needs_openvino
def test_animators_of_one_network_share_its_graphs(small):
    first, second = (Animator(small(), "cpu", "openvino") for _ in range(2))
    assert first.networks is second.networks
    assert Animator(small("speaking"), "cpu", "openvino").networks is not first.networks


@needs_openvino
def test_without_a_place_to_keep_them(small, pictures, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OSTNET_CACHE", str(tmp_path / "file"))
    animator = Animator(small(), "cpu", "openvino")
    animator.set_source(pictures[0])
    made = next(animator.animate(pictures[1:])).image
    assert made.dtype == np.uint8 and animator.backend == "openvino"
