"""What only a machine with an NVIDIA GPU can show."""

import numpy as np
import pytest
import torch

from ostnet import Animator
from ostnet.animation import VARIANTS
from ostnet.backends import usable

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="torch sees no NVIDIA GPU on this machine"
)


def frames_of(model, device, backend, source, driving):
    animator = Animator(model, device, backend, overlap=True)
    animator.set_source(source)
    return list(animator.variants(driving))


@pytest.mark.parametrize("backend", ["torch", "torch-bf16"])
@pytest.mark.parametrize("kind", ["paper", "speaking"])
def test_same_pictures_as_on_the_cpu(small, pictures, kind, backend):
    if backend not in usable("cuda"):
        pytest.skip(f"this GPU does not multiply as {backend} does")
    source, *driving = pictures
    expected = frames_of(small(kind), "cpu", "torch", source, driving)
    found = frames_of(small(kind), "cuda", backend, source, driving)
    for one, other in zip(expected, found, strict=True):
        for name in VARIANTS:
            difference = np.abs(one[name].image.astype(int) - other[name].image)
            assert difference.max() <= 4 and difference.mean() < 0.25
            assert one[name].scale == pytest.approx(other[name].scale, abs=1e-3)
