"""Mouth and eyes by themselves: boxes placed by the ground truth's landmarks, errors in them."""

import numpy as np

from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.face_reader import Face
from ostnet.landmarks import EYE_POINTS, MOUTH

REGIONS = {"mouth": MOUTH, "eyes": EYE_POINTS}
"""Region -> its points among the 68."""

MARGIN = 0.25
"""A box is this much of its points' longer extent larger on every side."""


def box(landmarks: np.ndarray, region: str, size: int) -> tuple[slice, slice]:
    """Rows and columns of a region in a square picture, two pixels at least each way.

    landmarks: (68, 2) pixels. A face off the picture has its box at the nearest edge.
    """
    points = landmarks[list(REGIONS[region])]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * (high - low).max()
    low = np.floor(low - margin).clip(0, size - 2).astype(int)
    high = np.maximum(np.ceil(high + margin).clip(0, size).astype(int), low + 2)
    return slice(low[1], high[1]), slice(low[0], high[0])


def l1_columns(name: str, reference: np.ndarray, image: np.ndarray, truth: Face | None) -> Record:
    """``<name>_<region>``: mean |difference| within each box; NaN without the truth's face."""
    record: Record = {f"{name}_{region}": np.nan for region in REGIONS}
    if truth is not None:
        for region in REGIONS:
            at = box(truth.landmarks, region, len(image))
            record[f"{name}_{region}"] = formulas.l1(reference[at], image[at])
    return record
