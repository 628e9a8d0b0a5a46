"""Columns of the protocol ``keypoints``: a detector's points under a known change T of the picture.

T is a turn about the picture's centre, then a scale (s_x, s_y). Points are (K, 2) in pixels of a
256 x 256 picture; None where no face was found.
"""

import numpy as np

from ostnet.evaluation.data.clips import SIZE
from ostnet.evaluation.data.drawn_pairs import Pair
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.landmarks import EYES, KEYPOINTS


def keypoints_of(face: Face | None) -> np.ndarray | None:
    """The points that F_kp learns, out of 68: (30, 2); an iris is its eye's mean."""
    if face is None:
        return None
    irises = [face.landmarks[list(eye)].mean(axis=0) for eye in EYES]
    return np.concatenate([face.landmarks, irises])[list(KEYPOINTS.values())]


def moved(points: np.ndarray, pair: Pair) -> np.ndarray:
    """T of points (K, 2) in pixels: turned by the pair's roll, then scaled, about the centre."""
    angle, middle = np.radians(pair.roll), (SIZE - 1) / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - middle) @ turn.T * [pair.s_x, pair.s_y] + middle


def inside(points: np.ndarray) -> np.ndarray:
    """Which points (K, 2) in pixels lie on the picture: (K,)."""
    return ((points >= 0) & (points <= SIZE - 1)).all(axis=-1)


def equivariance_columns(
    frame: np.ndarray | None, changed: np.ndarray | None, pair: Pair
) -> Record:
    """Distance between F(T(I)) and T(F(I))."""
    columns = dict.fromkeys(("equivariance", "equivariance_relative", "outside"), np.nan)
    if frame is None or changed is None:
        return columns
    expected = moved(frame, pair)
    shown = inside(expected)
    columns["outside"] = 1 - shown.mean()
    if shown.any():
        columns["equivariance"] = np.linalg.norm(changed - expected, axis=-1)[shown].mean()
        size = np.linalg.norm(formulas.spread(expected))
        columns["equivariance_relative"] = columns["equivariance"] / size
    return columns


def spread_columns(
    source: np.ndarray | None,
    frame: np.ndarray | None,
    changed: np.ndarray | None,
    pair: Pair,
) -> Record:
    """What the spread of the points says about the scale; missing for turned frames."""
    columns = {}
    for name, reference in (("spread_bias", frame), ("closed_form_bias", source)):
        bias = np.full(2, np.nan)
        if reference is not None and changed is not None and not pair.roll:
            ratio = formulas.spread(changed) / formulas.spread(reference)
            bias = np.log(ratio / [pair.s_x, pair.s_y])
        for axis, value in zip("xy", bias, strict=True):
            columns[f"{name}_{axis}"] = value
            columns[f"{name.replace('bias', 'error')}_{axis}"] = abs(value)
    return columns


def accuracy_columns(
    landmarks: np.ndarray | None, changed: np.ndarray | None, pair: Pair
) -> Record:
    """Distance of every point to its landmark under T; NaN where that is off the picture."""
    distances = np.full(len(KEYPOINTS), np.nan)
    if landmarks is not None and changed is not None:
        count = len(changed)  # a detector learns the first ones
        expected = moved(landmarks[:count], pair)
        distances[:count] = np.linalg.norm(changed - expected, axis=-1)
        distances[:count][~inside(expected)] = np.nan
    columns = {f"accuracy_{n}": d for n, d in zip(KEYPOINTS, distances, strict=True)}
    return columns | {"accuracy": np.nanmean(distances) if np.isfinite(distances).any() else np.nan}
