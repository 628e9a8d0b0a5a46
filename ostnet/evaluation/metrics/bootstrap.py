"""Bootstrap intervals over people: frames of one person are not independent.

Statistics take values (N,) and integer weights (D, N), how often each value counts in each of D
resamples, and return (D,): all resamples at once. With weights of one they are the plain mean and
numpy's quantile.
"""

from collections.abc import Callable, Sequence

import numpy as np

DRAWS = 1000
"""Resamples per interval."""

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean: values (N,), weights (D, N) -> (D,)."""
    return weights @ values / weights.sum(axis=1)


def quantile(values: np.ndarray, weights: np.ndarray, q: float) -> np.ndarray:
    """Quantile with linear interpolation of the values repeated by their weights -> (D,)."""
    order = np.argsort(values)
    ranked, counts = values[order], weights[:, order].cumsum(axis=1)  # (N,), (D, N)
    place = q * (counts[:, -1] - 1)
    below = np.floor(place)
    first = ranked[(counts <= below[:, None]).sum(axis=1)]
    second = ranked[(counts <= np.ceil(place)[:, None]).sum(axis=1)]
    return first + (place - below) * (second - first)


def slope(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted least-squares slope of y on x: points (N, 2), weights (D, N) -> (D,)."""
    x, _, xy = _moments(points, weights)
    return xy / x


def correlation(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted Pearson correlation of x and y: points (N, 2), weights (D, N) -> (D,)."""
    x, y, xy = _moments(points, weights)
    return xy / np.sqrt(x * y)


def _moments(points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """Variance of x, of y, and covariance, (D,) each; below rounding they are 0."""
    x, y = points.T
    total = weights.sum(axis=1)
    mean = weights @ points / total[:, None]  # (D, 2)
    raw = weights @ np.stack([x * x, y * y, x * y], axis=1) / total[:, None]  # (D, 3)
    taken = np.stack([mean[:, 0] ** 2, mean[:, 1] ** 2, mean.prod(axis=1)], axis=1)
    moments = raw - taken
    rounding = 1e-12 * (np.abs(raw) + np.abs(taken)) + 1e-18
    return tuple(np.where(np.abs(moments) > rounding, moments, 0.0).T)


def whole(statistic: Statistic, values: np.ndarray) -> float:
    """The statistic of the values as they are."""
    return float(statistic(values, np.ones((1, len(values)), dtype=int))[0])


def people_interval(
    statistic: Statistic,
    values: np.ndarray,
    people: Sequence[str],
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Percentile interval of the statistic when the people are drawn anew with replacement.

    values: (N, ...), one row per frame; people: N names. All rows of a person count as often as
    that person is drawn. Returns (low, high), or None with fewer than two people.
    """
    _, owner = np.unique(np.asarray(people), return_inverse=True)  # (N,) number of the person
    count = owner.max(initial=-1) + 1
    if count < 2:
        return None
    random = np.random.default_rng(seed)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=draws)  # (D, people)
    results = statistic(values, drawn[:, owner])
    tail = (1 - level) / 2
    low, high = np.quantile(results, [tail, 1 - tail])
    return float(low), float(high)
