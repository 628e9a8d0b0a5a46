"""Each term of the objective on inputs with a known answer."""

import torch

from ostnet.landmarks import POINTS
from ostnet.training import losses
from ostnet.training.optimisation import ExponentialAverage, rate_factor, run_progress


def test_keypoint_distance_is_zero_where_points_are_apart_and_has_a_gradient_where_not():
    apart = torch.tensor([[[-0.5, 0.0], [0.5, 0.0], [0.0, 0.5]]])
    assert losses.keypoint_distance(apart, 0.2) == 0
    near = torch.tensor([[[0.0, 0.0], [0.1, 0.0]]], requires_grad=True)
    value = losses.keypoint_distance(near, 0.2)
    torch.testing.assert_close(value, torch.tensor(0.5))
    value.backward()
    assert near.grad[0, 1, 0] < 0 < near.grad[0, 0, 0]  # a step against it drives them apart


def test_landmark_distance_leaves_out_what_is_unknown_or_outside():
    landmarks = torch.tensor([[[0.1, 0.1], [torch.nan, 0.0], [1.2, 0.0]]])
    keypoints = torch.tensor([[[0.1, 0.3], [0.9, 0.9], [0.0, 0.0]]])
    torch.testing.assert_close(losses.landmark_distance(keypoints, landmarks), torch.tensor(0.1))
    assert losses.landmark_distance(keypoints, torch.full_like(landmarks, torch.nan)) == 0


def test_region_weights_rise_at_the_points_only():
    points = torch.full((1, POINTS, 2), torch.nan)
    points[:, 50] = torch.tensor([0.5, -0.5])
    weights = losses.region_weights(points, 129, 129, extra=4.0)
    assert weights[0, 0, 32, 96] > 4.5 and weights[0, 0, 96, 32] == 1


def test_fiducial_distance_counts_chosen_rows():
    found, ideal = torch.zeros(2, 12, 2), torch.stack([torch.ones(12, 2), 5 * torch.ones(12, 2)])
    rows = torch.tensor([1.0, 0.0])
    torch.testing.assert_close(losses.fiducial_distance(found, ideal, rows), torch.tensor(1.0))


def test_average_starts_at_the_model_and_follows_it():
    model = torch.nn.BatchNorm1d(2)
    average = ExponentialAverage(model, decay=0.5)
    with torch.no_grad():
        model.weight += 1
        model.running_mean += 2
    average.update(model)
    share = 1 - min(0.5, 2 / 11)
    torch.testing.assert_close(average.model.weight, torch.ones(2) + share)
    torch.testing.assert_close(average.model.running_mean, torch.full((2,), 2 * share))


def test_schedules():
    assert rate_factor("step", 0.79) == 1 and rate_factor("step", 0.8) == 0.1
    assert rate_factor("cosine", 0) == 1 and abs(rate_factor("cosine", 1) - 0.01) < 1e-9
    assert run_progress(5, 10, 0, None) == 0.5 and run_progress(5, None, 30, 1) == 0.5
