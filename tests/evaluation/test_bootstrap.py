"""Weighted statistics equal numpy's on repeated values; intervals are drawn over people."""

import numpy as np
import pytest

from ostnet.evaluation.metrics.statistics import mean, people_interval, quantile, whole


@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_weights_count_as_repetitions(rng, q):
    values, weights = rng.normal(size=9), rng.integers(0, 4, size=(6, 9))
    repeated = [np.repeat(values, row) for row in weights]
    expected = [np.quantile(row, q) for row in repeated]
    assert quantile(values, weights, q) == pytest.approx(expected)
    assert mean(values, weights) == pytest.approx([row.mean() for row in repeated])


def test_the_statistic_of_the_whole_is_numpys(rng):
    values = rng.normal(size=20)
    assert whole(mean, values) == pytest.approx(values.mean())


def test_frames_of_one_person_move_together():
    """Two people, constant within each: a resample's mean is one of three values."""
    values, people = np.repeat([0.0, 1.0], 50), ["a"] * 50 + ["b"] * 50
    assert people_interval(mean, values, people) == (0.0, 1.0)
    as_if_independent = people_interval(mean, values, [str(i) for i in range(100)])
    assert 0.38 < as_if_independent[0] < 0.45 and 0.55 < as_if_independent[1] < 0.62


def test_interval_holds_the_truth_of_many_people_and_is_reproducible(rng):
    values, people = rng.normal(3, 1, 400), [str(i % 40) for i in range(400)]
    low, high = people_interval(mean, values, people)
    assert low < values.mean() < high
    assert high - low < 0.5
    assert people_interval(mean, values, people) == (low, high)


def test_one_person_has_no_interval():
    assert people_interval(mean, np.ones(4), ["a"] * 4) is None
