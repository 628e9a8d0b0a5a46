"""Weighted statistics equal numpy's on repeated values; intervals and predictions use people."""

import numpy as np
import pytest

from ostnet.evaluation.metrics.statistics import (
    fit_predict,
    folds_of,
    mean,
    people_interval,
    quantile,
)
from ostnet.evaluation.protocols.decoder_probe import explained

PEOPLE = np.repeat([f"person {n}" for n in range(20)], 12)


@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_weights_count_as_repetitions(rng, q):
    values, weights = rng.normal(size=9), rng.integers(0, 4, size=(6, 9))
    repeated = [np.repeat(values, row) for row in weights]
    expected = [np.quantile(row, q) for row in repeated]
    assert quantile(values, weights, q) == pytest.approx(expected)
    assert mean(values, weights) == pytest.approx([row.mean() for row in repeated])


def test_frames_of_one_person_are_resampled_together():
    """Two people, constant within each: a resample's mean is one of three values."""
    values, people = np.repeat([0.0, 1.0], 50), ["a"] * 50 + ["b"] * 50
    assert people_interval(mean, values, people) == (0.0, 1.0)
    as_if_independent = people_interval(mean, values, [str(i) for i in range(100)])
    assert 0.38 < as_if_independent[0] < 0.45 and 0.55 < as_if_independent[1] < 0.62
    assert people_interval(mean, np.ones(4), ["a"] * 4) is None


def test_interval_holds_the_truth_of_many_people_and_is_reproducible(rng):
    values, people = rng.normal(3, 1, 400), [str(i % 40) for i in range(400)]
    low, high = people_interval(mean, values, people)
    assert low < values.mean() < high < low + 0.5
    assert people_interval(mean, values, people) == (low, high)


@pytest.fixture
def targets(rng):
    return rng.uniform(-0.3, 0.3, (len(PEOPLE), 2))


def values(features, targets):
    return [row["value"] for row in explained(features, targets, PEOPLE)]


def test_a_planted_scale_is_found_and_noise_is_not(rng, targets):
    features = rng.normal(0, 1, (len(PEOPLE), 200))
    assert all(-0.15 < value < 0.1 for value in values(features, targets))
    features[:, 7] += 30 * targets[:, 0]
    found_x, found_y = values(features[:, :60], targets)
    assert found_x > 0.9 and found_y < 0.1


def test_the_person_does_not_help_to_predict_other_people(rng):
    """Each person has one scale and features of their own, which can only be memorised."""
    of_person = rng.uniform(-0.3, 0.3, (20, 2)).repeat(12, axis=0)
    features = rng.normal(0, 1, (20, 40)).repeat(12, axis=0)
    assert all(value < 0.1 for value in values(features, of_person))
    known = fit_predict(features, of_person, features, np.array([1e-6]))[0]
    assert np.abs(known - of_person).max() < 1e-3


def test_the_interval_holds_the_value(rng, targets):
    features = targets @ rng.normal(0, 1, (2, 5)) + rng.normal(0, 0.2, (len(PEOPLE), 5))
    for row in explained(features, targets, PEOPLE):
        assert row["low"] < row["value"] < row["high"] < 1


def test_folds_separate_people_and_never_split_one():
    fold = folds_of(PEOPLE, 10)
    assert sorted(set(fold)) == list(range(10))
    assert all(len(set(fold[PEOPLE == person])) == 1 for person in PEOPLE)


def test_it_is_ridge_regression(rng):
    x, y, new = rng.normal(2, 3, (50, 4)), rng.normal(5, 1, (50, 2)), rng.normal(2, 3, (6, 4))
    penalty = 0.3
    middle, width = x.mean(0), x.std(0)
    a, b = (x - middle) / width, (new - middle) / width
    weights = np.linalg.solve(a.T @ a / 50 + penalty * np.eye(4), a.T @ (y - y.mean(0)) / 50)
    found = fit_predict(x, y, new, np.array([penalty]))[0]
    assert found == pytest.approx(b.clip(-4, 4) @ weights + y.mean(0))


def test_constant_features_are_ignored_and_two_people_are_too_few(rng, targets):
    features = np.concatenate([10 * targets, np.ones((len(targets), 3))], axis=1)
    assert min(values(features, targets)) > 0.99
    rows = explained(rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), ["a", "b"] * 4)
    assert all("three people" in row["reason"] for row in rows)
