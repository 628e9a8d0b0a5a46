"""Columns of a record: what one generated frame says beside its truth, driver or source.

A face that was not found is None and gives NaN, never a number and never an omitted row.
"""

from collections.abc import Sequence

import numpy as np

from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.face_reader import Face

Record = dict[str, object]


def image_columns(truth: np.ndarray, image: np.ndarray, lineage: bool) -> Record:
    """L1, PSNR and SSIM of one frame; ``lineage`` adds variants with data_range 2."""
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
    """Landmark distances and scale error of one face against the ground truth's."""
    values = {"akd": np.nan, "akd_l2": np.nan}
    if face is not None and truth is not None:
        values["akd"] = formulas.akd(truth.landmarks, face.landmarks)
        values["akd_l2"] = formulas.akd_l2(truth.landmarks, face.landmarks)
    return values | scale_columns("scale_error", face, truth)


def scale_columns(name: str, face: Face | None, reference: Face | None) -> Record:
    """E_x, E_y and the larger of the two."""
    error = np.full(2, np.nan)
    if face is not None and reference is not None:
        error = formulas.scale_error(face.landmarks, reference.landmarks)
    return {f"{name}_x": error[0], f"{name}_y": error[1], name: error.max()}


def lean_columns(truth: Face | None, source: Face | None) -> Record:
    """How much larger the ground truth's face is than the source's: ln of the ratio by axis."""
    lean = np.full(2, np.nan)
    if truth is not None and source is not None:
        lean = np.log(formulas.spread(truth.landmarks) / formulas.spread(source.landmarks))
    return {"lean_x": lean[0], "lean_y": lean[1]}


BLINK = 0.75
"""Opening of the eyes, over its median in the clip, under which they show no iris."""


def following_columns(face: Face | None, driver: Face | None) -> Record:
    """Mouth, eyes and pose of the output beside the driver's, the pose's error; a lost face."""
    columns: Record = {"no_face": float(face is None)}
    for side, read in (("output", face), ("driver", driver)):
        columns[f"mouth_{side}"] = read.mouth if read else np.nan
        columns[f"eyelid_{side}"] = read.eyelids if read else np.nan
        columns[f"gaze_x_{side}"], columns[f"gaze_y_{side}"] = read.gaze if read else [np.nan] * 2
        for angle, value in zip(
            ("yaw", "pitch", "roll"), read.pose if read else [np.nan] * 3, strict=True
        ):
            columns[f"{angle}_{side}"] = value
    both = face is not None and driver is not None
    columns["prmse_pnp68"] = formulas.prmse(driver.pose, face.pose) if both else np.nan
    return columns


def leave_out_blinks(records: Sequence[Record]) -> None:
    """Set the driver's gaze to NaN in the records of one driving clip in which it blinks."""
    lids = np.array([record["eyelid_driver"] for record in records], dtype=float)
    if np.isnan(lids).all():
        return
    for record, open_ in zip(records, lids >= BLINK * np.nanmedian(lids), strict=True):
        if not open_:
            record |= {"gaze_x_driver": np.nan, "gaze_y_driver": np.nan}


def identity_columns(
    key: str,
    output: np.ndarray | None,
    source: np.ndarray | None,
    driver: np.ndarray | None,
) -> Record:
    """Return csim, aed and distance to the source, and 1 where nearer the source than the driver.

    None stands for a face that was not found.
    """
    names = ("csim", "aed", "identity_distance", "nearer_source")
    columns: Record = {f"{name}_{key}": np.nan for name in names}
    if output is None or source is None:
        return columns
    columns[f"csim_{key}"] = formulas.csim(source, output)
    to_source = formulas.aed(source, output)
    columns[f"aed_{key}"] = to_source
    columns[f"identity_distance_{key}"] = np.sqrt(to_source)
    if driver is not None:
        nearer = to_source < formulas.aed(driver, output)
        columns[f"nearer_source_{key}"] = float(nearer)
    return columns


def nearest_pose(face: Face | None, references: Sequence[Face]) -> Face | None:
    """The reference whose (yaw, pitch, roll) is nearest the face's; None where there is none."""
    if face is None or not references:
        return None
    return min(references, key=lambda other: float(((other.pose - face.pose) ** 2).sum()))
