"""Which back end a name stands for."""

import pytest
import torch

from ostnet import InputError
from ostnet.backends import (
    candidates,
    export,
    load_backend,
    registry,
    tolerances,
    usable,
)
from ostnet.backends.tolerances import Differences

CPU = torch.device("cpu")

pytestmark = pytest.mark.skipif("openvino" not in usable(CPU), reason="OpenVINO is not installed")


def test_auto_takes_the_fastest_that_is_here(small):
    assert load_backend(small(), "auto", CPU).name == usable(CPU)[0] == candidates("auto", CPU)[0]


def test_without_openvino_auto_is_torch(monkeypatch, small):
    monkeypatch.setattr(registry, "_has_openvino", lambda: False)
    assert load_backend(small(), "auto", CPU).name.startswith("torch")
    with pytest.raises(InputError, match="^backend: openvino is not installed; "):
        load_backend(small(), "openvino", CPU)


def test_an_unknown_name_lists_the_known(small):
    with pytest.raises(InputError, match="^backend: 'fast' does not exist; choose one of auto, "):
        load_backend(small(), "fast", CPU)


def test_openvino_is_for_cpus():
    with pytest.raises(InputError, match="^backend: openvino runs on cpu, not meta"):
        candidates("openvino", torch.device("meta"))


def test_auto_passes_over_one_that_differs_from_torch(monkeypatch, tmp_path, small):
    wrong = Differences(pixel_max=9.0, pixel_mean=1.0, keypoints=0.0, scale=0.0)
    monkeypatch.setattr(tolerances, "differences", lambda *_: wrong)
    monkeypatch.setattr(registry, "usable", lambda *_: ["openvino", "torch"])
    monkeypatch.setenv("OSTNET_CACHE", str(tmp_path))
    with pytest.warns(UserWarning, match="differs from torch by 9.0/255"):
        assert load_backend(small(), "auto", CPU).name == "torch"
    with pytest.raises(InputError, match="differs from torch"):
        load_backend(small(), "openvino", CPU)


def test_auto_passes_over_one_that_fails(monkeypatch, tmp_path, small):
    def fail(*_):
        raise RuntimeError("no such operator\nat some place")

    monkeypatch.setattr(export, "build_openvino", fail)
    monkeypatch.setenv("OSTNET_CACHE", str(tmp_path))
    with pytest.warns(UserWarning, match=r"cannot be used \(no such operator\)"):
        assert load_backend(small(), "auto", CPU).name.startswith("torch")
