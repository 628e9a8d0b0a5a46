"""Closed-form alignment and relative motion, against constructions with known answers."""

import numpy as np
import pytest
import torch

from ostnet import AnimateOptions
from ostnet.animation.comparators import (
    MotionPoints,
    closed_form_scale,
    hull_area,
    nearest_in_shape,
    relative_motion,
)
from ostnet.animation.frame import DrivingFrame
from ostnet.model.keypoints import spread


def points(seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 15, 2, generator=torch.Generator().manual_seed(seed)) - 0.5


def test_spread_is_rms_about_the_centroid():
    square = torch.tensor([[[-1.0, -2], [1, -2], [1, 2], [-1, 2]]]) + 7
    assert spread(square).tolist() == [[1, 2]]


def test_closed_form_recovers_an_anisotropic_scale_under_any_shift():
    moved = points() * torch.tensor([1.3, 0.7]) + torch.tensor([0.2, -0.1])
    assert closed_form_scale(points(), moved)[0].tolist() == pytest.approx([1.3, 0.7], abs=1e-5)


def test_hull_area_ignores_what_lies_inside():
    square = torch.tensor([[0.0, 0], [2, 0], [2, 3], [0, 3], [1, 1], [1, 0], [0.5, 2.5]])
    assert hull_area(square) == pytest.approx(6)
    assert hull_area(torch.tensor([[0.0, 0], [1, 1], [2, 2]])) == 0


def test_relative_motion_of_the_anchor_itself_is_the_source():
    anchor = points(1)
    assert torch.equal(relative_motion(points(), anchor, anchor), points())


def test_relative_motion_scales_the_movement_to_the_source_face():
    source, step = points(), torch.tensor([0.1, 0.0])
    anchor = 2 * source  # a driving face twice as large
    moved = relative_motion(source, anchor + step, anchor)
    assert torch.allclose(moved, source + step / 2, atol=1e-6)


def test_the_anchor_is_the_frame_of_the_source_shape_at_any_size_and_place():
    candidates = [points(seed) for seed in (1, 2, 3)]
    candidates.insert(1, 1.7 * points() + 0.3)
    found = nearest_in_shape(points(), [MotionPoints(c, c) for c in candidates])
    assert found.raw is candidates[1]
    assert nearest_in_shape(points(), []) is None


def test_closed_form_alignment_takes_the_place_of_the_learned_one(animator, driving):
    frame = next(
        animator.animate(driving, options=AnimateOptions(alignment="closed-form", pose="driver"))
    )
    expected = np.divide(frame.driving_spread, animator.source_spread)
    assert frame.scale == pytest.approx(tuple(expected), abs=1e-4)


def test_relative_motion_starts_from_the_source_pose(animator, driving):
    """The anchor frame, the first one here, leaves the source where it is."""
    relative = AnimateOptions(motion="relative")
    first, second, *_ = animator.animate(driving, False, False, options=relative)
    still = next(animator.animate([DrivingFrame(p, False) for p in driving], False, False))
    assert np.array_equal(first.image, still.image)
    assert not np.array_equal(second.image, still.image)


def test_a_given_anchor_is_used(animator, driving):
    relative = AnimateOptions(motion="relative")
    clip = animator.reference(driving[2:3], relative)
    third = list(animator.animate(driving, False, False, relative, clip))[2]
    still = next(animator.animate([DrivingFrame(p, False) for p in driving], False, False))
    assert np.array_equal(third.image, still.image)
