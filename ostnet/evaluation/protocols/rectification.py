"""The rectified driving frame beside its known ground truth, over the range of scales.

Two conditions: the driver is the source frame itself, scaled (the head has not moved, the truth is
exact), and a later frame of the clip, scaled (the head has moved, perhaps also nearer the camera).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from ostnet.animation.comparators import closed_form_scale
from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions, first_clips, renumber, same_identity
from ostnet.evaluation.method_pictures import to_batch, to_images
from ostnet.evaluation.metrics import definitions, formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric, frame_mean
from ostnet.evaluation.protocols.protocol import (
    Context,
    Protocol,
    head,
    load_pictures,
    module_columns,
)
from ostnet.evaluation.protocols.sweeps import STRETCHES, sweep_condition
from ostnet.evaluation.report import plots
from ostnet.evaluation.report.group_store import Result
from ostnet.model.layers import identity_grid
from ostnet.model.ostnet import OSTNet
from ostnet.model.scale import FIDUCIALS, tps_matrix

METHODS = {
    "full": "the driving frame sampled at the grid of T_theta's fiducials",
    "closed_form": "fiducials diag(s) * base, s = rms(d_D) / rms(d_S) per axis",
    "oracle": "fiducials diag(s) * base, s = the known scale: what resampling alone costs",
    "no_transform": "the driving frame as it is",
}
"""Name -> what it does."""

NOTE = (
    "Every method rectifies the same driving frames. In the conditions `same frame` the driver is "
    "a scaled copy of the source frame and the ground truth is exact; in `later frame` the head "
    "has moved since the source frame, and its own change of size, which the method may take out "
    "as well, counts as an error here."
)

_VISIBLE = (
    "over the pixels of the ground truth that the scaled driving frame still shows "
    "(|s_a p_a| <= 1 on both axes)"
)

_PIXELS = "in pixels of the ground truth"

METRICS = [
    frame_mean("ssim_visible", f"SSIM {_VISIBLE}, 3 px inwards", "scikit-image"),
    frame_mean("l1_visible", f"mean |difference| {_VISIBLE}, [0,1]", "numpy"),
    *[
        Metric(name, name, "median", f"median over frames of the {what}, {_PIXELS}", "module")
        for name, what in (
            (
                "grid_error",
                f"mean {_VISIBLE} of the distance between where the grid samples and where the "
                "pixel is",
            ),
            ("grid_shift", "translation of the grid's least-squares affine map"),
            ("grid_bend", "rms distance of the grid from its least-squares affine map"),
        )
    ],
    frame_mean("visible", "share of the ground truth's pixels still shown", "numpy"),
    *definitions.MODULE,
]

SAME, LATER = "same frame", "later frame"
SHOWN = ((0.4, 0.4), (0.7, 0.7), (1.3, 1.3), (1.6, 1.6), (0.7, 1.0))
"""Scales on the sheet."""
SHOWN_SIDE = 192
"""Side of the sheet's pictures in pixels."""


class Rectification(Protocol):
    """The rectified driving frame beside its known ground truth."""

    name = "rectification"
    frames = 2
    own_methods = METHODS
    table = METRICS
    headline = (
        "ssim_visible l1_visible grid_error grid_shift grid_bend module_scale_error_x_median "
        "module_scale_error_y_median"
    ).split()
    note = NOTE
    sheet_people = 2

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw each person's first frame driven by itself and by later frames, at every scale."""
        later = same_identity(first_clips(clips), frames, options.pairs)
        firsts = {}
        for pair in later:
            firsts.setdefault(pair.source, replace(pair, frame=pair.source_frame))
        drivers = [
            driver
            for source, first in firsts.items()
            for driver in (first, *(pair for pair in later if pair.source == source))
        ]
        return renumber(replace(pair, s_x=x, s_y=y) for pair in drivers for x, y in STRETCHES)

    def draw(self, folder: Path, records: Sequence[Record]) -> None:
        """Draw curves over the scale, for both conditions."""
        for driver in (SAME, LATER):
            mine = [record for record in records if record["condition"].startswith(driver)]
            measuring = [record for record in mine if record["method"] in ("full", "closed_form")]
            for shown, column, label in (
                (mine, "ssim_visible", "SSIM of the visible part, median"),
                (mine, "l1_visible", "L1 of the visible part, median"),
                (measuring, "grid_error", "error of the grid, px, median"),
                (measuring, "module_scale_error_x", "error of the measured $s_x$, median"),
                (measuring, "module_scale_error_y", "error of the measured $s_y$, median"),
            ):
                path = folder / f"{driver.split()[0]}_{column}"
                plots.curves(path, shown, column, f"{label}\n({driver})")

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one source and its scaled drivers: one record per method and frame."""
        source, truth, driving = load_pictures(context, pairs)
        fiducials = aligned(context.model, source, driving, [(p.s_x, p.s_y) for p in pairs])
        records, images = [], {}
        for name, points in fiducials.items():
            grids = sampling_grid(points, *truth[0].shape[:2])  # (T, H, W, 2)
            images[name] = rectified(context.model, driving, points)
            scales = context.model.scale.affine_scale(points).cpu().numpy()
            for i, pair in enumerate(pairs):
                s = np.array([pair.s_x, pair.s_y])
                record = head(pair, name)
                record["condition"] = f"{_driver(pair)} {sweep_condition(pair.s_x, pair.s_y)}"
                record |= visible_columns(truth[i], images[name][i], s)
                record |= grid_columns(grids[i], s) | module_columns(scales[i], pair)
                records.append(record)
        return Result(records, _strip(pairs, source, driving, truth, images))


@torch.inference_mode()
def aligned(
    model: OSTNet, source: np.ndarray, driving: np.ndarray, known: Sequence[tuple[float, float]]
) -> dict[str, Tensor]:
    """Return each method's fiducials (T, 12, 2) for driving frames (T, H, W, 3) of known scales."""
    device = next(model.parameters()).device
    x_driving = torch.cat([model.keypoints(to_batch([f], device)) for f in driving])
    x_source = model.keypoints(to_batch([source], device)).expand_as(x_driving)
    base = FIDUCIALS.to(x_driving)
    oracle = torch.tensor(known, device=device).float()[:, None] * base
    return {
        "full": model.align(x_source, x_driving).fiducials,
        "closed_form": closed_form_scale(x_source, x_driving)[:, None] * base,
        "oracle": oracle,
        "no_transform": base.expand_as(oracle),
    }


@torch.inference_mode()
def rectified(model: OSTNet, driving: np.ndarray, fiducials: Tensor) -> np.ndarray:
    """Sample driving frames, uint8 (T, H, W, 3), at the grids of fiducials (T, 12, 2)."""
    return np.concatenate(
        [
            to_images(model.rectify(to_batch([frame], fiducials.device), points[None]))
            for frame, points in zip(driving, fiducials, strict=True)
        ]
    )


def sampling_grid(fiducials: Tensor, height: int, width: int) -> np.ndarray:
    """Return the grids of fiducials (T, 12, 2) in float64: (T, H, W, 2)."""
    offsets = tps_matrix(height, width) @ (fiducials.double().cpu() - FIDUCIALS)
    grid = identity_grid(height, width, torch.float64)
    return (grid + offsets.unflatten(1, (height, width))).numpy()


def visible_pixels(height: int, width: int, s: np.ndarray) -> np.ndarray:
    """Return which pixels (H, W) stay on a picture when its content is made s times as large."""
    return np.all(np.abs(_pixels(height, width) * s) <= 1 + 1e-9, axis=-1)


def visible_columns(truth: np.ndarray, image: np.ndarray, s: np.ndarray) -> Record:
    """Return SSIM and L1 where the scaled frame shows the truth, and the share of these pixels."""
    difference = np.abs(formulas.as_unit(truth) - formulas.as_unit(image))
    height, width = truth.shape[:2]
    shown = visible_pixels(height, width, s)
    inner = cv2.erode(shown.astype(np.uint8), np.ones((7, 7))) > 0
    return {
        "ssim_visible": np.nanmean(formulas.ssim_map(truth, image)[inner]),
        "l1_visible": difference[shown].mean(),
        "visible": shown.mean(),
    }


def grid_columns(grid: np.ndarray, s: np.ndarray) -> Record:
    """Return a grid's (H, W, 2) error, shift and bend against s * p, in pixels of the truth."""
    height, width = grid.shape[:2]
    half = (width - 1) / 2
    pixels = _pixels(height, width)
    shown = visible_pixels(height, width, s)
    plane = np.concatenate([pixels.reshape(-1, 2), np.ones((height * width, 1))], axis=1)
    affine = np.linalg.lstsq(plane, grid.reshape(-1, 2), rcond=None)[0]  # (3, 2)
    bend = (grid.reshape(-1, 2) - plane @ affine) / s * half
    return {
        "grid_error": np.linalg.norm((grid - s * pixels) / s * half, axis=-1)[shown].mean(),
        "grid_shift": np.linalg.norm(affine[2] / s * half),
        "grid_bend": np.sqrt((bend**2).sum(axis=1).mean()),
    }


def _pixels(height: int, width: int) -> np.ndarray:
    return identity_grid(height, width, torch.float64).numpy()


def _strip(
    pairs: Sequence[Pair],
    source: np.ndarray,
    driving: np.ndarray,
    truth: Sequence[np.ndarray],
    images: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Return one column of pictures per label: ``SHOWN`` of the same frame, then the last one."""
    columns: dict[str, list[np.ndarray]] = {}
    for frame in dict.fromkeys((pairs[0].source_frame, pairs[-1].frame)):
        for scale in SHOWN:
            for i, pair in enumerate(pairs):
                if pair.frame != frame or (pair.s_x, pair.s_y) != scale:
                    continue
                twice = np.minimum(2 * np.abs(images["full"][i].astype(int) - truth[i]), 255)
                height, width = truth[i].shape[:2]
                twice[~visible_pixels(height, width, np.array(scale))] = 96  # not shown
                label = f"{_driver(pair)}, {pair.s_x:g} x {pair.s_y:g}"
                row = {
                    "source": source,
                    "driving": plots.with_text(driving[i], label),
                    **{name: images[name][i] for name in ("full", "closed_form", "oracle")},
                    "truth": truth[i],
                    "2 |full - truth|": twice.astype(np.uint8),
                }
                for label, picture in row.items():
                    small = cv2.resize(picture, (SHOWN_SIDE,) * 2, interpolation=cv2.INTER_AREA)
                    columns.setdefault(label, []).append(small)
    return {label: np.concatenate(pictures) for label, pictures in columns.items()}


def _driver(pair: Pair) -> str:
    return SAME if pair.frame == pair.source_frame else LATER
