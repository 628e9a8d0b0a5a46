"""Checks of F_kp: whether its points move with the picture and lie on the landmarks.

T is the known change of a picture: a turn about its centre, then a scale (s_x, s_y).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import (
    Pair,
    PairOptions,
    draw_scales,
    first_clips,
    renumber,
    same_identity,
)
from ostnet.evaluation.method_pictures import to_batch
from ostnet.evaluation.metrics.columns import (
    Record,
    accuracy_columns,
    equivariance_columns,
    keypoints_of,
    moved,
    spread_columns,
)
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.protocols.protocol import Context, Protocol, head, load_pictures
from ostnet.evaluation.protocols.sweeps import ROLLS, STRETCHES, sweep_condition, yaw_condition
from ostnet.evaluation.report import plots
from ostnet.evaluation.report.group_store import Result
from ostnet.landmarks import KEYPOINT_COUNTS, KEYPOINTS
from ostnet.model.ostnet import OSTNet

DETECTOR, LANDMARKER = "F_kp", "landmarker"

METHODS = {
    DETECTOR: "the network's own detector",
    LANDMARKER: "the landmarker of the report, 30 of its 68 points (for an iris the mean of the "
    "eye's six points), as what a detector trained for it achieves",
}
"""Name -> what it does."""

NOTE = (
    "Driving frames changed by a known T: scales (conditions `both`, `x`, `y`), in-plane turns "
    "(`roll`), and, in bins of the frame's yaw, scales drawn from U(0.7, 1.3). Accuracy only says "
    "something about a detector that was warm-started on these landmarks; training took them from "
    "a dense face mesh, so that a constant offset to the landmarker, of the jaw above all, is no "
    "error of F_kp."
)

_INSIDE = "over the points that T leaves on the picture"


def _metric(name: str, reduce: str, definition: str, backend: str = "points") -> Metric:
    column = name.removesuffix(f"_{reduce}")
    return Metric(name, column, reduce, f"{reduce} over frames of {definition}", backend)


_DISTANCE = f"the mean distance between F(T(I)) and T(F(I)) {_INSIDE}, px of the 256 picture"
_RELATIVE = "the same over the rms distance of the points T(F(I)) from their centroid"
_SPREAD = "ln(sigma_{axis}(F(T(I)))/sigma_{axis}(F({reference}))) - ln s_{axis}"
_BIAS = (
    f"{_SPREAD}: above 0, the spread of the points (all of them, as the closed form takes it) "
    "grows more than the picture"
)
_CLOSED_FORM = f"|{_SPREAD}|: with the motion between source and driving frame"
_ACCURACY = f"the mean distance between F(T(I)) and T(landmarks of I) {_INSIDE}, px"
_POINT = "the distance of {point} to T(its landmark in I), px; off the picture: missing"

METRICS = [
    _metric("equivariance", "mean", _DISTANCE),
    _metric("equivariance_relative", "mean", _RELATIVE),
    _metric("outside", "mean", "the share of the points that T moves off the picture"),
    _metric("lost", "mean", "1 where the detector finds no face in T(I), else 0"),
    *[
        _metric(name.format(axis=axis), "median", text.format(axis=axis, reference=reference))
        for axis in "xy"
        for name, text, reference in (
            ("spread_bias_{axis}", _BIAS, "I"),
            ("spread_error_{axis}_median", f"|{_SPREAD}|", "I"),
            ("closed_form_error_{axis}_median", _CLOSED_FORM, "source"),
        )
    ],
    _metric("accuracy", "mean", _ACCURACY, "landmarker"),
    *[
        _metric(f"accuracy_{point}", "mean", _POINT.format(point=point), "landmarker")
        for point in KEYPOINTS
    ],
]

SHOWN = ("both 0.3", "both 0.5", "both 0.7", "both 1", "both 1.3", "both 1.6", "x 0.6", "roll 30")
"""Conditions on the sheet."""


class KeypointChecks(Protocol):
    """Equivariance, spread and accuracy of F_kp under known changes."""

    name = "keypoints"
    frames = 8
    own_methods = METHODS
    table = METRICS
    headline = (
        "equivariance equivariance_relative outside lost spread_bias_x spread_bias_y "
        "spread_error_x_median spread_error_y_median closed_form_error_x_median "
        "closed_form_error_y_median accuracy"
    ).split()
    note = NOTE
    known_scale = False

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw a frame of each person at every scale and roll; frames at drawn scales for yaw."""
        changed = [
            pair
            for first in same_identity(first_clips(clips), 1, options.pairs)
            for pair in (
                *(replace(first, s_x=x, s_y=y) for x, y in STRETCHES),
                *(replace(first, roll=float(roll)) for roll in ROLLS),
            )
        ]
        drawn = draw_scales(same_identity(clips, frames, options.pairs), options.seed)
        return renumber([*changed, *drawn])

    def draw(self, folder: Path, records: Sequence[Record]) -> None:
        """Draw errors over scale, roll and yaw, and the accuracy of every point."""
        swept = [r for r in records if r["condition"].split()[0] in ("both", "x", "y")]
        ours = [r for r in swept if r["method"] == DETECTOR]
        for shown, column, label in (
            (swept, "equivariance", "equivariance error, px, median"),
            (swept, "equivariance_relative", "equivariance error / spread, median"),
            (ours, "spread_bias_x", "ln of spread ratio over $s_x$, median"),
            (ours, "spread_bias_y", "ln of spread ratio over $s_y$, median"),
            (ours, "accuracy", "distance to landmarks, px, median"),
        ):
            plots.curves(folder / column, shown, column, label)
        rolled = [r for r in records if r["roll"] or r["condition"] == "both 1"]
        binned = [r for r in records if r["condition"].startswith("yaw")]
        for name, mine, axis, label in (
            ("roll", rolled, "roll", "in-plane turn of the frame, degrees"),
            ("yaw", binned, "yaw", "yaw of the frame, degrees"),
        ):
            panels = {
                "equivariance": "equivariance error, px",
                "equivariance_relative": "equivariance error / spread",
                "accuracy": "distance to landmarks, px",
            }
            if name == "yaw":
                panels["closed_form_bias_x"] = "ln of spread ratio to the source over $s_x$"
            plots.scatter(folder / name, mine, axis, label, panels)
        by_point = {point: [r[f"accuracy_{point}"] for r in binned] for point in KEYPOINTS}
        title = "frames at drawn scales of 0.7 to 1.3"
        plots.box_rows(folder / "points", by_point, "distance to the landmark, px", title)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one clip's frames under T: one record per detector and frame."""
        source, _, changed = load_pictures(context, pairs)
        _, frames, _ = load_pictures(context, [replace(pair, roll=0.0) for pair in pairs])
        by_frame = {pair.frame: frame for pair, frame in zip(pairs, frames, strict=True)}
        found_faces = dict(zip(by_frame, context.reader.read([*by_frame.values()]), strict=True))
        faces = [found_faces[pair.frame] for pair in pairs]  # the same frame may occur often
        landmarks = [keypoints_of(face) for face in faces]
        points = {
            DETECTOR: Points(
                *(detect(context.model, part) for part in ([source], frames, changed))
            ),
            LANDMARKER: Points(
                [keypoints_of(face) for face in context.reader.read([source])],
                landmarks,
                [keypoints_of(face) for face in context.reader.read(changed)],
            ),
        }
        records = []
        for method, found in points.items():
            (source_points,) = found.source
            count = 0 if source_points is None else len(source_points)
            learned = method == DETECTOR and count in KEYPOINT_COUNTS
            for i, pair in enumerate(pairs):
                record = head(pair, method)
                record |= {"condition": condition(pair, faces[i]), "yaw": _yaw(faces[i])}
                record["lost"] = float(found.changed[i] is None)
                record |= equivariance_columns(found.frames[i], found.changed[i], pair)
                record |= spread_columns(source_points, found.frames[i], found.changed[i], pair)
                known = landmarks[i] if learned else None
                record |= accuracy_columns(known, found.changed[i], pair)
                records.append(record)
        return Result(records, _strip(records, changed, points[DETECTOR], pairs))


def condition(pair: Pair, face: Face | None) -> str:
    """Return ``roll 30``, ``both 0.5``, ``x 0.5``, ``y 0.5``, or the bin of the frame's yaw."""
    if pair.roll:
        return f"roll {pair.roll:g}"
    if (pair.s_x, pair.s_y) in STRETCHES:
        return sweep_condition(pair.s_x, pair.s_y)
    return yaw_condition(_yaw(face))


@dataclass
class Points:
    """One detector's points, (K, 2) pixels each; None where it found no face."""

    source: list[np.ndarray | None]
    """Points in the source picture, one set."""
    frames: list[np.ndarray | None]
    """Points in the unchanged driving frames."""
    changed: list[np.ndarray | None]
    """Points in the driving frames under T."""


@torch.inference_mode()
def detect(model: OSTNet, pictures: Sequence[np.ndarray] | np.ndarray) -> list[np.ndarray | None]:
    """Return F_kp's points in uint8 pictures (H, W, 3) of one size: (K, 2) pixels each."""
    device, half = next(model.parameters()).device, (len(pictures[0]) - 1) / 2
    found = [model.keypoints(to_batch([picture], device))[0] for picture in pictures]
    return [(points.double().cpu().numpy() + 1) * half for points in found]


def _yaw(face: Face | None) -> float:
    return np.nan if face is None else face.pose[0]


def _strip(records, changed, found: Points, pairs: Sequence[Pair]) -> dict[str, np.ndarray]:
    """Return the conditions of ``SHOWN``: F(T(I)) as dots, T(F(I)) as rings, joined by lines."""
    strip = {}
    for picture, frame, points, pair, record in zip(
        changed, found.frames, found.changed, pairs, records[: len(pairs)], strict=True
    ):
        if record["condition"] in SHOWN and frame is not None and points is not None:
            strip[record["condition"]] = plots.with_points(picture, points, moved(frame, pair))
    return {name: strip[name] for name in SHOWN if name in strip}
