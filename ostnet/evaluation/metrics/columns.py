"""Columns of a record: one generated frame compared with its truth, driver or source.

A face that was not found is None and gives NaN, never a number and never an omitted row. Points of
keypoint detectors are (K, 2) in pixels of a 256 x 256 picture.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ostnet.evaluation.data.clips import SIZE
from ostnet.evaluation.data.pairs import Pair
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.faces import Face
from ostnet.landmarks import EYES, KEYPOINTS

Record = dict[str, Any]
"""Column -> a number, or a text that identifies the record."""

BLINK = 0.75
"""Opening of the eyes, over its median in the clip, under which they show no iris."""


def image_columns(truth: np.ndarray, image: np.ndarray, lineage: bool) -> Record:
    """Return L1, PSNR and SSIM of one frame; ``lineage`` adds variants with data_range 2."""
    values = {
        "l1": formulas.l1(truth, image),
        "psnr": formulas.psnr(truth, image),
        "ssim": formulas.ssim(truth, image),
    }
    if lineage:
        values["psnr_lineage"] = formulas.psnr(truth, image, formulas.LINEAGE_RANGE)
        values["ssim_lineage"] = formulas.ssim(truth, image, formulas.LINEAGE_RANGE)
    return values


def landmark_columns(face: Face | None, truth: Face | None) -> Record:
    """Return landmark distances and scale error of one face against the ground truth's."""
    values = {"akd": np.nan, "akd_l2": np.nan}
    if face is not None and truth is not None:
        values["akd"] = formulas.akd(truth.landmarks, face.landmarks)
        values["akd_l2"] = formulas.akd_l2(truth.landmarks, face.landmarks)
    return values | scale_columns("scale_error", face, truth)


def scale_columns(name: str, face: Face | None, reference: Face | None) -> Record:
    """Return E_x, E_y and the larger of the two."""
    error = np.full(2, np.nan)
    if face is not None and reference is not None:
        error = formulas.scale_error(face.landmarks, reference.landmarks)
    return {f"{name}_x": error[0], f"{name}_y": error[1], name: error.max()}


def lean_columns(truth: Face | None, source: Face | None) -> Record:
    """Return ln of the ratio of the ground truth's face to the source's, by axis."""
    lean = np.full(2, np.nan)
    if truth is not None and source is not None:
        lean = np.log(formulas.spread(truth.landmarks) / formulas.spread(source.landmarks))
    return {"lean_x": lean[0], "lean_y": lean[1]}


def following_columns(face: Face | None, driver: Face | None) -> Record:
    """Return mouth, eyes, pose of output and driver, the pose error, and if the face was lost."""
    columns: Record = {"no_face": float(face is None)}
    for side, read in (("output", face), ("driver", driver)):
        columns[f"mouth_{side}"] = read.mouth if read else np.nan
        columns[f"eyelid_{side}"] = read.eyelids if read else np.nan
        columns[f"gaze_x_{side}"], columns[f"gaze_y_{side}"] = read.gaze if read else [np.nan] * 2
        for angle, value in zip(
            ("yaw", "pitch", "roll"), read.pose if read else [np.nan] * 3, strict=True
        ):
            columns[f"{angle}_{side}"] = value
    columns["prmse_pnp68"] = formulas.prmse(driver.pose, face.pose) if face and driver else np.nan
    return columns


def leave_out_blinks(records: Sequence[Record]) -> None:
    """Set the driver's gaze to NaN in the records of one driving clip in which it blinks."""
    lids = np.array([record["eyelid_driver"] for record in records], dtype=float)
    if np.isnan(lids).all():
        return
    for record, open_ in zip(records, lids >= BLINK * np.nanmedian(lids), strict=True):
        if not open_:
            record |= {"gaze_x_driver": np.nan, "gaze_y_driver": np.nan}


def identity_columns(output: Face | None, source: Face | None, driver: Face | None) -> Record:
    """Compare the output's embedding with the source's and the driver's.

    Returns csim, aed and distance to the source, and 1 where the output is nearer the source than
    the driver.
    """
    columns: Record = dict.fromkeys(
        ("csim_dlib", "aed_dlib", "identity_distance_dlib", "nearer_source_dlib"), np.nan
    )
    if output is None or source is None:
        return columns
    columns["csim_dlib"] = formulas.csim(source.embedding, output.embedding)
    columns["aed_dlib"] = to_source = formulas.aed(source.embedding, output.embedding)
    columns["identity_distance_dlib"] = np.sqrt(to_source)
    if driver is not None:
        to_driver = formulas.aed(driver.embedding, output.embedding)
        columns["nearer_source_dlib"] = float(to_source < to_driver)
    return columns


def nearest_pose(face: Face | None, references: Sequence[Face]) -> Face | None:
    """Return the reference whose (yaw, pitch, roll) is nearest the face's; None without one."""
    if face is None or not references:
        return None
    return min(references, key=lambda other: float(((other.pose - face.pose) ** 2).sum()))


def keypoints_of(face: Face | None) -> np.ndarray | None:
    """Return the points that F_kp learns, out of 68: (30, 2); an iris is its eye's mean."""
    if face is None:
        return None
    irises = [face.landmarks[list(eye)].mean(axis=0) for eye in EYES]
    return np.concatenate([face.landmarks, irises])[list(KEYPOINTS.values())]


def moved(points: np.ndarray, pair: Pair) -> np.ndarray:
    """Return T(points): turned by the pair's roll, then scaled, about the picture's centre."""
    angle, middle = np.radians(pair.roll), (SIZE - 1) / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - middle) @ turn.T * [pair.s_x, pair.s_y] + middle


def inside(points: np.ndarray) -> np.ndarray:
    """Return which points lie on the picture: (K,)."""
    return np.all((points >= 0) & (points <= SIZE - 1), axis=-1)


def equivariance_columns(
    frame: np.ndarray | None, changed: np.ndarray | None, pair: Pair
) -> Record:
    """Return the distance between F(T(I)) and T(F(I)), T the change that the pair makes."""
    columns: Record = dict.fromkeys(("equivariance", "equivariance_relative", "outside"), np.nan)
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
    """Return the error of the scale that the spread of the points gives; NaN for turned frames."""
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
    """Return every point's distance to its landmark under T; NaN where that is off the picture."""
    distances = np.full(len(KEYPOINTS), np.nan)
    if landmarks is not None and changed is not None:
        count = len(changed)  # a detector learns the first of the landmarks
        expected = moved(landmarks[:count], pair)
        distances[:count] = np.linalg.norm(changed - expected, axis=-1)
        distances[:count][~inside(expected)] = np.nan
    columns = {f"accuracy_{n}": d for n, d in zip(KEYPOINTS, distances, strict=True)}
    return columns | {"accuracy": np.nanmean(distances) if np.isfinite(distances).any() else np.nan}
