"""Ridge regression with people held out. Pure numpy.

Frames of one person are alike, so a fold leaves out whole people, both where the strength of the
penalty is chosen and where the prediction is made.
"""

from collections.abc import Sequence

import numpy as np

PENALTIES = np.logspace(-4, 3, 15)
"""Penalties tried, per frame of the training folds (on features of unit variance)."""


def folds_of(people: Sequence[str], count: int, seed: int = 0) -> np.ndarray:
    """Fold (N,) of each row: people are dealt out at random to at most ``count`` folds."""
    names, owner = np.unique(np.asarray(people), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    return (order % min(count, len(names)))[owner]


def held_out_predictions(
    features: np.ndarray, targets: np.ndarray, people: Sequence[str], folds: int = 10
) -> np.ndarray:
    """Predictions (N, T) of targets (N, T) from features (N, D), each without the row's person.

    The penalty is chosen for each target by the same means among the people that train. Needs
    three people.
    """
    people = np.asarray(people)
    fold = folds_of(people, folds)
    predicted = np.empty(targets.shape)
    for number in range(fold.max() + 1):
        train, test = fold != number, fold == number
        inner = folds_of(people[train], 5, seed=1)
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

    Features are brought to mean 0 and variance 1 on the fitted rows, and new ones clipped at four
    deviations: a channel that hardly moved among the fitted rows cannot run away. The intercept
    is free.
    """
    middle, width = x.mean(axis=0), x.std(axis=0)
    width = np.where(width > 1e-9 * (1 + np.abs(middle)), width, np.inf)
    x, new, mean = (x - middle) / width, (new - middle) / width, y.mean(axis=0)
    new = new.clip(-4, 4)
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    projected = vectors.T @ (x.T @ (y - mean) / len(x))  # (D, T)
    shrunk = projected / (np.maximum(values, 0) + penalties[:, None])[..., None]  # (P, D, T)
    return mean + (new @ vectors) @ shrunk


def r_squared(pairs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the variance explained: (N, 2) of target and prediction, weights (D, N) -> (D,).

    1 is perfect, 0 is the mean of the targets; held-out predictions can be worse than that.
    """
    target, error = pairs[:, 0], np.square(pairs[:, 0] - pairs[:, 1])
    total = weights.sum(axis=1)
    mean = weights @ target / total
    return 1 - (weights @ error) / (weights @ target**2 - total * mean**2)
