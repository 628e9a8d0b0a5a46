"""Cross identity: one person driven by another, without a ground truth.

Identity is compared with the source, motion with the driver.
"""

from collections.abc import Sequence
from pathlib import Path

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
    Record,
    following_columns,
    identity_columns,
    leave_out_blinks,
    nearest_pose,
    scale_columns,
)
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.protocols.protocol import (
    COMMON,
    FOLLOWED,
    Context,
    Protocol,
    head,
    load_pictures,
    read_faces,
    run_methods,
    strip,
)
from ostnet.evaluation.protocols.reconstruction import draw_scale_error
from ostnet.evaluation.report.group_store import Result
from ostnet.methods import POINTS, POSED, POSED_POINTS

POSE_REFERENCES = 24
"""Number of frames of the source's clip in which a matching pose is searched."""


class CrossIdentity(Protocol):
    """One person driven by another: identity from the source, motion from the driver."""

    name = "cross-identity"
    options = frozenset({"pairs", "random_frames"})
    methods = (*COMMON, *POSED, POINTS, POSED_POINTS)
    table = definitions.CROSS
    headline = (
        "nearer_source_dlib csim_dlib identity_distance_dlib "
        f"{FOLLOWED} yaw_correlation scale_error_median scale_error_p90 scale_error_matched_median"
    ).split()
    known_scale = False
    scales_drawn = True

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw each person driven by the next, at scales drawn by the seed."""
        pairs = cross_identity(clips, frames, options.pairs)
        if options.random_frames:
            pairs = draw_frames(pairs, clips, options.seed)
        return draw_scales(pairs, options.seed, options.scale_per_clip)

    def draw(self, folder: Path, records: Sequence[Record]) -> None:
        """Draw scale errors by method."""
        draw_scale_error(folder, records)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one source and its driver: one record per method and frame."""
        source, truth, driving = load_pictures(context, pairs)
        drivers = context.reader.read(truth, identity=True)
        source_face = context.reader.read([source], identity=True)[0]
        references = _references(context, pairs[0])
        generated = run_methods(context, source, driving, pairs)
        records = []
        for name, images in generated.images.items():
            faces = read_faces(context, images, name, identity=True)
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


def _references(context: Context, pair: Pair) -> list[Face]:
    """Return faces of the source's own clip at other poses."""
    path = context.data / pair.source
    frames = [pair.source_frame, *spaced_frames(count_frames(path), POSE_REFERENCES)]
    faces = context.reader.read(load_frames(path, frames))
    return [face for face in faces if face is not None]
