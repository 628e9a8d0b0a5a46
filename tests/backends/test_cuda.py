"""What only a machine with an NVIDIA GPU can show."""

import warnings

import numpy as np
import pytest
import torch

from ostnet import Animator
from ostnet.animation import VARIANTS
from ostnet.backends import usable

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="torch sees no NVIDIA GPU on this machine"
)


def animator_of(model, device, backend, eager=True) -> Animator:
    """An animator that captures no call, or each at its second run."""
    animator = Animator(model, device, backend, size=96, overlap=True)
    if device == "cuda":
        animator.networks.graphs.after = 10**6 if eager else 1
    return animator


def frames_of(animator, source, driving):
    animator.set_source(source)
    return list(animator.variants(driving, measure=True))


def compare(expected, found, most, mean):
    for one, other in zip(expected, found, strict=True):
        for name in VARIANTS:
            difference = np.abs(one[name].image.astype(int) - other[name].image)
            assert difference.max() <= most and difference.mean() < mean
            assert one[name].scale == pytest.approx(other[name].scale, abs=1e-3)


@pytest.mark.parametrize("backend", ["torch", "torch-bf16"])
@pytest.mark.parametrize("kind", ["paper", "speaking", "quick"])
def test_same_pictures_as_on_the_cpu_eagerly_and_captured(small, pictures, kind, backend):
    if backend not in usable("cuda"):
        pytest.skip(f"this GPU does not multiply as {backend} does")
    source, *driving = pictures
    expected = frames_of(animator_of(small(kind), "cpu", "torch"), source, driving)
    eager = frames_of(animator_of(small(kind), "cuda", backend), source, driving)
    compare(expected, eager, most=4, mean=0.25)

    graphs = animator_of(small(kind), "cuda", backend, eager=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="CUDA graphs cannot be used")
        compare(eager, frames_of(graphs, source, driving), most=1, mean=0.01)
        driving, source = pictures[:3], pictures[3]  # replayed, with another source
        found = frames_of(graphs, source, driving)
    compare(frames_of(animator_of(small(kind), "cuda", backend), source, driving), found, 1, 0.01)
