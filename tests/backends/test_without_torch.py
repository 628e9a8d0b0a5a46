"""Weights whose graphs were built before run without torch, and are not loaded at all."""

import os
import subprocess
import sys

import numpy as np
import pytest

from ostnet import AnimateOptions, Animator, InputError
from ostnet.backends import usable
from ostnet.backends.cache import was_built
from ostnet.backends.device import has_cuda, is_cpu
from ostnet.backends.digest import checkpoint_digest, model_digest
from ostnet.hub import resolve
from ostnet.model.ostnet import OSTNet

pytestmark = pytest.mark.skipif("openvino" not in usable("cpu"), reason="no OpenVINO")

RUN = """
import sys
from pathlib import Path
import numpy as np
from ostnet import Animator, AnimateOptions
from ostnet.animation import VARIANTS
from ostnet.hub import resolve

weights, pictures, made = map(Path, sys.argv[1:])
animator = Animator(resolve(weights).folder, backend="openvino", size=96, overlap=True)
source, *driving = np.load(pictures)
animator.set_source(source)
options = AnimateOptions(alignment="closed-form", motion="relative")
clip = animator.reference(driving, options)
frames = list(animator.variants(driving, options=options, clip=clip, measure=True))
np.save(made, [[frame[name].image for name in VARIANTS] for frame in frames])
assert not {"torch", "huggingface_hub"} & set(sys.modules)
"""


@pytest.fixture
def checkpoint(small, tmp_path):
    small("speaking").save_pretrained(tmp_path / "weights")
    return tmp_path / "weights"


def test_the_digest_of_files_is_that_of_the_model_in_them(checkpoint, small):
    assert checkpoint_digest(checkpoint) == model_digest(OSTNet.from_pretrained(str(checkpoint)))
    small().save_pretrained(checkpoint)
    assert checkpoint_digest(checkpoint) == model_digest(OSTNet.from_pretrained(str(checkpoint)))


def test_a_run_without_torch(checkpoint, pictures, tmp_path):
    from ostnet.animation import VARIANTS

    animator = Animator(checkpoint, "cpu", "openvino", size=96)  # builds the graphs
    animator.set_source(pictures[0])
    options = AnimateOptions(alignment="closed-form", motion="relative")
    clip = animator.reference(pictures[1:], options)
    frames = list(animator.variants(pictures[1:], options=options, clip=clip))
    np.save(tmp_path / "in.npy", pictures)
    words = [sys.executable, "-c", RUN, checkpoint, tmp_path / "in.npy", tmp_path / "out.npy"]
    ended = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, timeout=300, env=os.environ
    )
    assert ended.returncode == 0, ended.stderr
    expected = [[frame[name].image for name in VARIANTS] for frame in frames]
    assert np.array_equal(np.load(tmp_path / "out.npy"), expected)


def test_only_weights_that_were_built_need_no_check(checkpoint, tmp_path, monkeypatch):
    assert resolve(checkpoint).folder == checkpoint
    monkeypatch.setenv("OSTNET_CACHE", str(tmp_path / "cache"))
    assert not was_built(checkpoint)
    (checkpoint / "model.safetensors").write_bytes(b"torn")
    assert not was_built(checkpoint)
    with pytest.raises(InputError, match="not a readable safetensors file"):
        resolve(checkpoint)


def test_the_device_is_known_without_torch_where_it_can_only_be_the_cpu():
    assert is_cpu("cpu") and not is_cpu("cuda") and is_cpu("auto") == (not has_cuda())
