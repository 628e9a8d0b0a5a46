"""Statistics over people, not frames, since frames of one person are not independent.

Bootstrap intervals resample people; ridge regression holds out whole people. Statistics take
values (N,) or (N, C) and integer weights (D, N), how often each value counts in each of D
resamples, and return (D,): all resamples at once.
"""

from collections.abc import Callable, Sequence

import numpy as np

DRAWS = 1000
"""Resamples per interval."""

LEVEL = 0.95
"""Coverage of the intervals."""

FOLDS, INNER_FOLDS = 10, 5
"""Number of folds of people: for the predictions, and for the choice of the penalty."""

PENALTIES = np.logspace(-4, 3, 15)
"""Ridge penalties tried, per frame of the training folds (on features of unit variance)."""

People = Sequence[str] | np.ndarray
"""Person of each row."""

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean: values (N,), weights (D, N) -> (D,)."""
    return weights @ values / weights.sum(axis=1)


def quantile(values: np.ndarray, weights: np.ndarray, q: float) -> np.ndarray:
    """Return the quantile of the values repeated by their weights, linearly interpolated: (D,)."""
    order = np.argsort(values)
    ranked, counts = values[order], weights[:, order].cumsum(axis=1)  # (N,), (D, N)
    place = q * (counts[:, -1] - 1)
    below = np.floor(place)
    first = ranked[(counts <= below[:, None]).sum(axis=1)]
    second = ranked[(counts <= np.ceil(place)[:, None]).sum(axis=1)]
    return first + (place - below) * (second - first)


def slope(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted least-squares slope of y on x: points (N, 2), weights (D, N) -> (D,)."""
    x, _, xy = _moments(points, weights)
    return xy / x


def correlation(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted Pearson correlation: points (N, 2), weights (D, N) -> (D,)."""
    x, y, xy = _moments(points, weights)
    return xy / np.sqrt(x * y)


def _moments(points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return variance of x, of y, and covariance, (D,) each; 0 where they are below rounding."""
    x, y = points.T
    total = weights.sum(axis=1)
    mean = weights @ points / total[:, None]  # (D, 2)
    raw = weights @ np.stack([x * x, y * y, x * y], axis=1) / total[:, None]  # (D, 3)
    taken = np.stack([mean[:, 0] ** 2, mean[:, 1] ** 2, mean.prod(axis=1)], axis=1)
    moments = raw - taken
    rounding = 1e-12 * (np.abs(raw) + np.abs(taken)) + 1e-18
    return tuple(np.where(np.abs(moments) > rounding, moments, 0.0).T)


def r_squared(pairs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of variance explained: (N, 2) of target and prediction -> (D,).

    1 is perfect, 0 is the mean of the targets; held-out predictions can be worse than that.
    """
    target, error = pairs[:, 0], np.square(pairs[:, 0] - pairs[:, 1])
    total = weights.sum(axis=1)
    mean = weights @ target / total
    return 1 - (weights @ error) / (weights @ target**2 - total * mean**2)


def whole(statistic: Statistic, values: np.ndarray) -> float:
    """Return the statistic of the values as they are."""
    return float(statistic(values, np.ones((1, len(values)), dtype=int))[0])


def people_interval(
    statistic: Statistic, values: np.ndarray, people: People
) -> tuple[float, float] | None:
    """Return the percentile interval (low, high) when people are drawn with replacement.

    values: (N, ...), one row per frame; people: N names. All rows of a person count as often as
    that person is drawn. None with fewer than two people.
    """
    _, owner = np.unique(np.asarray(people), return_inverse=True)  # (N,) number of the person
    count = owner.max(initial=-1) + 1
    if count < 2:
        return None
    random = np.random.default_rng(0)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=DRAWS)  # (D, people)
    results = statistic(values, drawn[:, owner])
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(results, [tail, 1 - tail])
    return float(low), float(high)


def folds_of(people: People, count: int, seed: int = 0) -> np.ndarray:
    """Return the fold (N,) of each row: people are randomly split into at most ``count`` folds."""
    names, owner = np.unique(np.asarray(people), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    return (order % min(count, len(names)))[owner]


def held_out_predictions(features: np.ndarray, targets: np.ndarray, people: People) -> np.ndarray:
    """Predict targets (N, T) from features (N, D) by ridge regression, without the row's person.

    The penalty is chosen for each target by the same means among the people that train. Needs
    three people.
    """
    person = np.asarray(people)
    fold = folds_of(person, FOLDS)
    predicted = np.empty(targets.shape)
    for number in range(fold.max() + 1):
        train, test = fold != number, fold == number
        inner = folds_of(person[train], INNER_FOLDS, seed=1)
        errors = np.zeros((len(PENALTIES), targets.shape[1]))
        for k in range(inner.max() + 1):
            a, b = inner != k, inner == k
            tried = fit_predict(
                features[train][a], targets[train][a], features[train][b], PENALTIES
            )
            errors += np.square(tried - targets[train][b]).sum(axis=1)
        best = errors.argmin(axis=0)  # (T,)
        tried = fit_predict(features[train], targets[train], features[test], PENALTIES)
        predicted[test] = tried[best, :, np.arange(targets.shape[1])].T
    return predicted


def fit_predict(x: np.ndarray, y: np.ndarray, new: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Fit (N, D) -> (N, T), predict for (M, D), once for each of P penalties: (P, M, T).

    Features are brought to mean 0 and variance 1 on the fitted rows, and new ones are clipped at
    four deviations, so that a channel that hardly varied among the fitted rows cannot dominate. The
    intercept is free.
    """
    middle, width = x.mean(axis=0), x.std(axis=0)
    width = np.where(width > 1e-9 * (1 + np.abs(middle)), width, np.inf)
    x, new, mean = (x - middle) / width, (new - middle) / width, y.mean(axis=0)
    new = new.clip(-4, 4)
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    projected = vectors.T @ (x.T @ (y - mean) / len(x))  # (D, T)
    shrunk = projected / (np.maximum(values, 0) + penalties[:, None])[..., None]  # (P, D, T)
    return mean + (new @ vectors) @ shrunk
