"""The rectified driving frame beside its known ground truth, over the range of scales.

Two conditions: the driver is the source frame itself, scaled (the head has not moved, the truth is
exact), and a later frame of the clip, scaled (the head has moved, perhaps also nearer the camera).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from ostnet.animation.comparators import closed_form_scale
from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions, first_clips, renumber, same_identity
from ostnet.evaluation.method_pictures import to_batch, to_images
from ostnet.evaluation.metrics import definitions, formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.protocols.protocol import Context, Protocol, head, load_pictures
from ostnet.evaluation.protocols.sweeps import STRETCHES, sweep_condition
from ostnet.evaluation.report import plots
from ostnet.evaluation.report.group_store import Result
from ostnet.model.layers import identity_grid
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

METRICS = [
    Metric(
        "ssim_visible", "ssim_visible", "mean", f"SSIM {_VISIBLE}, 3 px inwards", "scikit-image"
    ),
    Metric("l1_visible", "l1_visible", "mean", f"mean |difference| {_VISIBLE}, [0,1]", "numpy"),
    Metric(
        "grid_error",
        "grid_error",
        "median",
        f"median over frames of the mean {_VISIBLE} of the distance between where the grid samples "
        "and where the pixel is, in pixels of the ground truth",
        "module",
    ),
    Metric(
        "grid_shift",
        "grid_shift",
        "median",
        "median over frames of the translation of the grid's least-squares affine map, in pixels "
        "of the ground truth",
        "module",
    ),
    Metric(
        "grid_bend",
        "grid_bend",
        "median",
        "median over frames of the rms distance of the grid from its least-squares affine map, in "
        "pixels of the ground truth",
        "module",
    ),
    Metric("visible", "visible", "mean", "share of the ground truth's pixels still shown", "numpy"),
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
    headline = (
        "ssim_visible l1_visible grid_error grid_shift grid_bend module_scale_error_x_median "
        "module_scale_error_y_median"
    ).split()
    note = NOTE
    sheet_people = 2

    def metrics(self, context: Context) -> Sequence[Metric]:
        """Return the metrics of the visible part and of the grid."""
        return METRICS

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
                driver = SAME if pair.frame == pair.source_frame else LATER
                record["condition"] = f"{driver} {sweep_condition(pair.s_x, pair.s_y)}"
                record |= visible_columns(truth[i], images[name][i], s)
                record |= grid_columns(grids[i], s)
                error = formulas.module_scale_error(scales[i], s)
                record |= {"measured_x": scales[i][0], "measured_y": scales[i][1]}
                record |= {"module_scale_error_x": error[0], "module_scale_error_y": error[1]}
                records.append(record)
        return Result(records, _strip(pairs, source, driving, truth, images))


@torch.inference_mode()
def aligned(
    model, source: np.ndarray, driving: np.ndarray, known: Sequence[tuple[float, float]]
) -> dict[str, Tensor]:
    """Method -> fiducials (T, 12, 2) for uint8 driving frames (T, H, W, 3) of these scales."""
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
def rectified(model, driving: np.ndarray, fiducials: Tensor) -> np.ndarray:
    """uint8 (T, H, W, 3) driving frames sampled at the grids of fiducials (T, 12, 2)."""
    return np.concatenate(
        [
            to_images(model.rectify(to_batch([frame], fiducials.device), points[None]))
            for frame, points in zip(driving, fiducials, strict=True)
        ]
    )


def sampling_grid(fiducials: Tensor, height: int, width: int) -> np.ndarray:
    """The grids of fiducials (T, 12, 2) in float64: (T, H, W, 2)."""
    offsets = tps_matrix(height, width) @ (fiducials.double().cpu() - FIDUCIALS)
    grid = identity_grid(height, width, torch.float64)
    return (grid + offsets.unflatten(1, (height, width))).numpy()


def visible_pixels(height: int, width: int, s: np.ndarray) -> np.ndarray:
    """Which pixels of a picture are still on it once its content is s times as large: (H, W)."""
    return (np.abs(_pixels(height, width) * s) <= 1 + 1e-9).all(axis=-1)


def visible_columns(truth: np.ndarray, image: np.ndarray, s: np.ndarray) -> Record:
    """SSIM and L1 where the scaled frame shows the truth; their share of the picture."""
    a, b = formulas.as_unit(truth), formulas.as_unit(image)
    shown = visible_pixels(*truth.shape[:2], s)
    _, similar = structural_similarity(a, b, data_range=1, channel_axis=2, full=True)
    inner = np.zeros_like(shown)
    inner[3:-3, 3:-3] = cv2.erode(shown.astype(np.uint8), np.ones((7, 7)))[3:-3, 3:-3] > 0
    return {
        "ssim_visible": similar[inner].mean(),
        "l1_visible": np.abs(a - b)[shown].mean(),
        "visible": shown.mean(),
    }


def grid_columns(grid: np.ndarray, s: np.ndarray) -> Record:
    """How far a grid (H, W, 2) is from s * p, its shift and its bending, in pixels of the truth."""
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


def _strip(pairs, source, driving, truth, images) -> dict[str, np.ndarray]:
    """One column of pictures per label: the scales of ``SHOWN``, same frame then last frame."""
    last = pairs[-1].frame
    rows = [
        i
        for frame in dict.fromkeys((pairs[0].source_frame, last))
        for scale in SHOWN
        for i, pair in enumerate(pairs)
        if pair.frame == frame and (pair.s_x, pair.s_y) == scale
    ]
    columns = {
        "source": [source for _ in rows],
        "driving": [_labelled(driving[i], pairs[i]) for i in rows],
        **{name: [images[name][i] for i in rows] for name in ("full", "closed_form", "oracle")},
        "truth": [truth[i] for i in rows],
        "2 |full - truth|": [_difference(images["full"][i], truth[i], pairs[i]) for i in rows],
    }
    size = (SHOWN_SIDE, SHOWN_SIDE)
    return {
        label: np.concatenate([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures])
        for label, pictures in columns.items()
    }


def _labelled(picture: np.ndarray, pair: Pair) -> np.ndarray:
    """The picture with its scale written on it."""
    driver = SAME if pair.frame == pair.source_frame else LATER
    return plots.with_text(picture, f"{driver}, {pair.s_x:g} x {pair.s_y:g}")


def _difference(image: np.ndarray, truth: np.ndarray, pair: Pair) -> np.ndarray:
    """Twice the difference; grey where the scaled frame does not show the truth."""
    twice = np.clip(2 * np.abs(image.astype(int) - truth), 0, 255).astype(np.uint8)
    twice[~visible_pixels(*truth.shape[:2], np.array([pair.s_x, pair.s_y]))] = 96
    return twice
