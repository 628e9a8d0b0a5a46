"""The one-euro filter on the scale."""

import math

import pytest
import torch

from ostnet import AnimateOptions
from ostnet.animation.steering import OneEuroFilter


def filtered(values, **settings) -> list[float]:
    smooth = OneEuroFilter(rate=25, **settings)
    return [smooth(torch.tensor([value])).item() for value in values]


def test_a_constant_stays_exactly():
    assert filtered([0.25] * 5) == [0.25] * 5


def test_jitter_shrinks():
    noise = torch.randn(200, generator=torch.Generator().manual_seed(0)) * 0.01
    out = torch.tensor(filtered(noise.tolist()))
    assert out.std() < 0.4 * noise.std()


def test_a_step_is_reached():
    assert filtered([0.0] * 5 + [1.0] * 25)[-1] == pytest.approx(1, abs=0.01)


def test_one_step_follows_the_published_formula():
    """x = x0 + a (x1 - x0) with a = 1 / (1 + rate / (2 pi cutoff)), cutoff = min + beta |speed|."""
    first, second, rate = 0.1, 0.3, 25
    speed_weight = 1 / (1 + rate / (2 * math.pi * 1.0))
    cutoff = 1.0 + 2.0 * abs(speed_weight * (second - first) * rate)
    weight = 1 / (1 + rate / (2 * math.pi * cutoff))
    assert filtered([first, second])[1] == pytest.approx(first + weight * (second - first))


def test_smoothing_steadies_the_measured_scale(animator, driving):
    jumps = [driving[0], driving[1]] * 6

    def wobble(options: AnimateOptions) -> float:
        scales = [math.log(frame.scale[0]) for frame in animator.animate(jumps, options=options)]
        return torch.tensor(scales[2:]).std().item()

    assert 0 < wobble(AnimateOptions(scale_smoothing=True)) < 0.7 * wobble(AnimateOptions())
