"""Cross identity: one person driven by another, without a ground truth.

Identity is held against the source, motion against the driver.
"""

from collections.abc import Sequence

from ostnet.evaluation.data.clips import Clip, count_frames, load_frames
from ostnet.evaluation.data.pairs import (
    Pair,
    PairOptions,
    cross_identity,
    draw_frames,
    draw_scales,
    spaced_frames,
)
from ostnet.evaluation.metrics import definitions
from ostnet.evaluation.metrics.columns import (
    following_columns,
    identity_columns,
    leave_out_blinks,
    nearest_pose,
    scale_columns,
)
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.protocols.protocol import Bench, Protocol, Result, head, load_pictures, strip
from ostnet.evaluation.protocols.reconstruction import draw_scale_error
from ostnet.evaluation.protocols.rendered_group import read_faces, run_methods
from ostnet.methods import POSED

POSE_REFERENCES = 24
"""Frames of the source's clip among which the one at matching pose is looked for."""


def cross_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """Each person driven by the next, at scales drawn by the seed."""
    pairs = cross_identity(clips, frames, options.pairs)
    if options.random_frames:
        pairs = draw_frames(pairs, clips, options.seed)
    return draw_scales(pairs, options.seed, options.scale_per_clip)


def cross(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """Cross identity: no ground truth; identity from the source, motion from the driver."""
    source, truth, driving = load_pictures(bench, pairs)
    drivers = bench.reader.read(truth, identity=True)
    source_face = bench.reader.read([source], identity=True)[0]
    references = _references(bench, pairs[0])
    generated = run_methods(bench, source, driving, pairs)
    records = []
    for name, images in generated.images.items():
        faces = read_faces(bench, images, name, identity=True)
        mine = []
        for pair, face, driver in zip(pairs, faces, drivers, strict=True):
            record = head(pair, name)
            record |= identity_columns(face, source_face, driver)
            record |= following_columns(face, driver)
            record |= scale_columns("scale_error", face, source_face)
            record |= scale_columns("scale_error_matched", face, nearest_pose(face, references))
            mine.append(record)
        leave_out_blinks(mine)
        records += mine
    return Result(records, strip(source, driving, generated, None))


def _references(bench: Bench, pair: Pair) -> list[Face]:
    """Faces of the source's own clip at other poses."""
    path = bench.data / pair.source
    frames = [pair.source_frame, *spaced_frames(count_frames(path), POSE_REFERENCES)]
    faces = bench.reader.read(load_frames(path, frames))
    return [face for face in faces if face is not None]


def table(bench: Bench) -> list[Metric]:
    """Identity, motion, scale."""
    return definitions.CROSS


PROTOCOLS = (
    Protocol(
        "cross-identity",
        30,
        frames=12,
        pairs=cross_pairs,
        heeds=frozenset({"pairs", "random_frames"}),
        table=table,
        headline=(
            "nearer_source_dlib",
            "csim_dlib",
            "identity_distance_dlib",
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
            "yaw_correlation",
            "scale_error_median",
            "scale_error_p90",
            "scale_error_matched_median",
        ),
        draw=draw_scale_error,
        measure=cross,
        known_scale=False,
        seldom=POSED,
        scales_drawn=True,
    ),
)
