"""AUCON and PRMSE: action units and head pose by Py-Feat, as DaGAN reports them.

Needs the package ``py-feat`` (2.1 or newer; it brings torchvision, so no extra of ours lists it)
and the folder of weights that it fills at first use. Tried with release 2.1.5 on random weights, a
random classifier in place of its action units'; with its real weights nothing could be tried.
DaGAN's own version of Py-Feat, with other detectors, gives other numbers.
"""

import hashlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import torch

from ostnet.errors import InputError
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.dlib_models import installed
from ostnet.evaluation.metrics.face_reader import Face

THRESHOLD = 0.5
"""An action unit is on above this probability."""

ANGLES = ["Pitch", "Roll", "Yaw"]


class Expression(NamedTuple):
    """What Py-Feat reads off the largest face of one picture."""

    units: np.ndarray
    """(U,) probabilities of the action units."""
    pose: np.ndarray
    """(3,) pitch, roll, yaw in degrees."""


class PyFeat:
    """Action units by XGBoost, pose by img2pose; driving frame against generated frame."""

    kind = "py-feat"

    def __init__(self, folder: Path, device: str = "cpu"):
        """folder: Py-Feat's weights, laid out as in ``feat/resources`` of the package."""
        if not folder.is_dir():
            raise InputError(f"py_feat: {folder} is no folder; give that of Py-Feat's weights")
        try:
            detector = import_module("feat.detector")
            make = detector.Detectorv1
        except (ImportError, AttributeError, OSError, RuntimeError) as error:
            raise InputError(
                f"py_feat: Py-Feat cannot be used ({error}); pip install 'py-feat>=2.1'"
            ) from error
        try:
            with patch.object(detector, "get_resource_path", lambda: str(folder)):
                self._detector = make(
                    face_model="img2pose",
                    landmark_model="mobilefacenet",
                    au_model="xgb",
                    emotion_model=None,
                    identity_model=None,
                    gaze_model=None,
                    device=torch.device(device),
                )
        except OSError as error:
            raise InputError(
                f"py_feat: weights are missing in {folder} and cannot be downloaded "
                f"({str(error).splitlines()[0]}); fill the folder on a machine with a network"
            ) from error
        self.name = f"{installed('py-feat')}, img2pose, mobilefacenet, xgb ({_contents(folder)})"

    def read(
        self, images: Sequence[np.ndarray], faces: Sequence[Face | None]
    ) -> list[Expression | None]:
        """uint8 RGB pictures (H, W, 3) of one size; None where Py-Feat finds no face."""
        batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)  # (N, 3, H, W)
        found = self._detector.detect(batch, data_type="tensor", progress_bar=False)
        found = found.assign(area=found["FaceRectWidth"] * found["FaceRectHeight"])
        readings = []
        for number in range(len(images)):
            mine = found[(found["frame"] == number) & found["area"].notna()]
            readings.append(_expression(mine.loc[[mine["area"].idxmax()]]) if len(mine) else None)
        return readings

    def columns(
        self, output: Expression | None, source: Expression | None, driver: Expression | None
    ) -> Record:
        """aucon and prmse of one frame; NaN where a face was not found."""
        if output is None or driver is None:
            return {"aucon": np.nan, "prmse": np.nan}
        equal = (output.units > THRESHOLD) == (driver.units > THRESHOLD)
        return {"aucon": float(equal.mean()), "prmse": formulas.prmse(driver.pose, output.pose)}


def _expression(row) -> Expression:
    """One row of Py-Feat's table; its angles are in radians."""
    units = row.aus.to_numpy(dtype=float)[0]
    return Expression(units, np.rad2deg(row[ANGLES].to_numpy(dtype=float)[0]))


def _contents(folder: Path) -> str:
    """Digest of the names in the folder, which hold the versions of the weights."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return f"contents {hashlib.sha256(chr(10).join(names).encode()).hexdigest()[:12]}"
