"""Temporal stability: neighbouring frames at one constant true scale, one record per clip.

Every clip is measured twice: as it is, and with the one-euro filter on T_theta's fiducial offsets
(``--scale-smoothing`` of ``ostnet animate``).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip, frame_rate
from ostnet.evaluation.data.pairs import Pair, PairOptions, draw_scales, first_clips, neighbours
from ostnet.evaluation.method_pictures import generate
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.definitions import frame_mean
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.protocols.protocol import (
    LEARNED_OR_NOT,
    Context,
    Protocol,
    load_pictures,
    strip,
)
from ostnet.evaluation.report.group_store import Result

METRICS = [
    frame_mean(
        f"scale_jitter_{axis}",
        f"std over a clip of ln s^_{axis}, neighbouring frames at constant true scale; mean over "
        "clips",
        "module",
    )
    for axis in ("x", "y")
] + [
    frame_mean(
        f"landmark_jitter_{side}",
        f"mean length of the second difference over time of 68 landmarks, {text}, px; mean over "
        "clips; failures are clips with a lost face",
        "landmarker",
    )
    for side, text in (("output", "generated frames"), ("driver", "ground truth"))
]


class Stability(Protocol):
    """Jitter of the measured scale and of the landmarks."""

    name = "stability"
    frames = 25
    options = frozenset()
    methods = LEARNED_OR_NOT
    table = METRICS
    headline = tuple(metric.name for metric in METRICS)
    known_scale = False

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw neighbouring frames from the start of each person's first clip, at one scale."""
        return draw_scales(neighbours(first_clips(clips), frames), options.seed, per_clip=True)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one run of neighbouring frames: one record per method, plain and smoothed.

        Raises InputError for listed frames that are not neighbouring.
        """
        steps = {(b.frame - a.frame, b.s_x == a.s_x, b.s_y == a.s_y) for a, b in pairwise(pairs)}
        if steps - {(1, True, True)}:
            raise InputError(
                f"pair list: stability needs consecutive frames at one scale, but those of "
                f"{pairs[0].driving} are not; correct the list or leave it out"
            )
        source, truth, driving = load_pictures(context, pairs)
        driver = jitter(context.reader.read(truth))
        fps = frame_rate(context.data / pairs[0].driving)
        plain = generate(context.model, source, driving, context.methods)
        filtered = [name for name in context.methods if name == "full"]
        smoothed = generate(context.model, source, driving, filtered, smoothing_fps=fps)
        records = []
        for condition, generated in (
            ("without smoothing", plain),
            ("with --scale-smoothing", smoothed),
        ):
            for name, images in generated.images.items():
                scales, scale_jitter = generated.scales.get(name), np.full(2, np.nan)
                if scales is not None:
                    scale_jitter = formulas.scale_jitter(scales)
                record = {
                    "method": name,
                    "pair": pairs[0].pair,
                    "person": pairs[0].person,
                    "source": pairs[0].source,
                    "driving": pairs[0].driving,
                    "scale_jitter_x": scale_jitter[0],
                    "scale_jitter_y": scale_jitter[1],
                    "landmark_jitter_output": jitter(context.reader.read(images)),
                    "landmark_jitter_driver": driver,
                    "condition": condition,
                }
                records.append(record)
        return Result(records, strip(source, driving, plain, truth))


def jitter(faces: Sequence[Face | None]) -> float:
    """Return the jitter of the faces of neighbouring frames; NaN where one was not found."""
    found = [face.landmarks for face in faces if face is not None]
    return formulas.landmark_jitter(np.stack(found)) if len(found) == len(faces) else float("nan")
