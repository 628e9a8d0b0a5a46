"""A planted feature is found, noise is not, and nobody is predicted from their own frames."""

import numpy as np
import pytest

from ostnet.evaluation.metrics import statistics
from ostnet.evaluation.protocols.decoder_probe import explained

PEOPLE = np.repeat([f"person {n}" for n in range(20)], 12)


@pytest.fixture
def targets(rng):
    return rng.uniform(-0.3, 0.3, (len(PEOPLE), 2))


def values(features, targets):
    return [row["value"] for row in explained(features, targets, PEOPLE)]


def test_a_planted_scale_is_found(rng, targets):
    features = rng.normal(0, 1, (len(PEOPLE), 60))
    features[:, 7] += 30 * targets[:, 0]
    found_x, found_y = values(features, targets)
    assert found_x > 0.95 and found_y < 0.1


def test_noise_explains_nothing(rng, targets):
    found = values(rng.normal(0, 1, (len(PEOPLE), 200)), targets)
    assert all(-0.15 < value < 0.1 for value in found)


def test_who_it_is_is_of_no_use(rng):
    """Each person has one scale and features of their own: learnt by heart, useless on others."""
    of_person = rng.uniform(-0.3, 0.3, (20, 2)).repeat(12, axis=0)
    features = rng.normal(0, 1, (20, 40)).repeat(12, axis=0)
    assert all(value < 0.1 for value in values(features, of_person))
    known = statistics.fit_predict(features, of_person, features, np.array([1e-6]))[0]
    assert np.abs(known - of_person).max() < 1e-3


def test_the_interval_holds_the_value(rng, targets):
    features = targets @ rng.normal(0, 1, (2, 5)) + rng.normal(0, 0.2, (len(PEOPLE), 5))
    for row in explained(features, targets, PEOPLE):
        assert row["low"] < row["value"] < row["high"] < 1


def test_folds_part_people_and_never_split_one():
    fold = statistics.folds_of(PEOPLE, 10)
    assert sorted(set(fold)) == list(range(10))
    assert all(len(set(fold[PEOPLE == person])) == 1 for person in PEOPLE)


def test_it_is_ridge_regression(rng):
    x, y, new = rng.normal(2, 3, (50, 4)), rng.normal(5, 1, (50, 2)), rng.normal(2, 3, (6, 4))
    penalty = 0.3
    middle, width = x.mean(0), x.std(0)
    a, b = (x - middle) / width, (new - middle) / width
    weights = np.linalg.solve(a.T @ a / 50 + penalty * np.eye(4), a.T @ (y - y.mean(0)) / 50)
    found = statistics.fit_predict(x, y, new, np.array([penalty]))[0]
    assert found == pytest.approx(b.clip(-4, 4) @ weights + y.mean(0))


def test_a_feature_that_never_moves_is_ignored(rng, targets):
    features = np.concatenate([10 * targets, np.ones((len(targets), 3))], axis=1)
    assert min(values(features, targets)) > 0.99


def test_two_people_are_too_few(rng):
    rows = explained(rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), ["a", "b"] * 4)
    assert all("three people" in row["reason"] for row in rows)
