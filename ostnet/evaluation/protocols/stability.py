"""Temporal stability: neighbouring frames at one constant true scale, one record per clip.

Two runs of every clip: as it is, and with the one-euro filter on T_theta's fiducial offsets
(``--scale-smoothing`` of ``ostnet animate``).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ostnet.errors import InputError
from ostnet.evaluation.data.clips import Clip, frame_rate
from ostnet.evaluation.data.pairs import Pair, PairOptions, draw_scales, first_clips, neighbours
from ostnet.evaluation.method_pictures import Generated, generate
from ostnet.evaluation.metrics import formulas
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.protocols.protocol import (
    LEARNED_OR_NOT,
    Bench,
    Protocol,
    Result,
    load_pictures,
    strip,
)

PLAIN, SMOOTHED = "without smoothing", "with --scale-smoothing"

METRICS = [
    Metric(
        f"scale_jitter_{axis}",
        f"scale_jitter_{axis}",
        "mean",
        f"std over a clip of ln s^_{axis}, neighbouring frames at constant true scale; mean over "
        "clips",
        "module",
    )
    for axis in ("x", "y")
] + [
    Metric(
        f"landmark_jitter_{side}",
        f"landmark_jitter_{side}",
        "mean",
        f"mean length of the second difference over time of 68 landmarks, {text}, px; mean over "
        "clips; failures are clips with a lost face",
        "landmarker",
    )
    for side, text in (("output", "generated frames"), ("driver", "ground truth"))
]


def measure(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """Measure one run of neighbouring frames: one record per method, plain and smoothed.

    Raises InputError for listed frames that are no such run.
    """
    steps = {(b.frame - a.frame, b.s_x == a.s_x, b.s_y == a.s_y) for a, b in pairwise(pairs)}
    if steps - {(1, True, True)}:
        raise InputError(
            f"pair list: the frames of {pairs[0].driving} are no neighbours at one scale, which "
            "stability measures; list consecutive frames or leave out the list"
        )
    source, truth, driving = load_pictures(bench, pairs)
    driver = jitter(bench.reader.read(truth))
    rate = frame_rate(bench.data / pairs[0].driving)
    plain = generate(bench.model, source, driving, bench.methods)
    filtered = [name for name in bench.methods if name == "full"]
    steadier = generate(bench.model, source, driving, filtered, smoothing_fps=rate)
    records = []
    for condition, generated in ((PLAIN, plain), (SMOOTHED, steadier)):
        for name in generated.images:
            record = _record(bench, pairs[0], name, generated)
            record |= {"landmark_jitter_driver": driver, "condition": condition}
            records.append(record)
    return Result(records, strip(source, driving, plain, truth))


def stability_pairs(clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
    """Neighbouring frames from the start of each person's first clip, one drawn scale a clip."""
    return draw_scales(neighbours(first_clips(clips), frames), options.seed, per_clip=True)


def _record(bench: Bench, pair: Pair, name: str, generated: Generated) -> Record:
    scales = generated.scales.get(name)
    scale_jitter = np.full(2, np.nan) if scales is None else formulas.scale_jitter(scales)
    return {
        "method": name,
        "pair": pair.pair,
        "person": pair.person,
        "source": pair.source,
        "driving": pair.driving,
        "scale_jitter_x": scale_jitter[0],
        "scale_jitter_y": scale_jitter[1],
        "landmark_jitter_output": jitter(bench.reader.read(generated.images[name])),
    }


def jitter(faces: Sequence[Face | None]) -> float:
    """Jitter of a run of faces; NaN where one of them was not found."""
    if any(face is None for face in faces):
        return float("nan")
    return formulas.landmark_jitter(np.stack([face.landmarks for face in faces]))


PROTOCOLS = (
    Protocol(
        "stability",
        60,
        frames=25,
        pairs=stability_pairs,
        heeds=frozenset(),
        table=lambda bench: METRICS,
        headline=(
            "scale_jitter_x",
            "scale_jitter_y",
            "landmark_jitter_output",
            "landmark_jitter_driver",
        ),
        measure=measure,
        methods=LEARNED_OR_NOT,
        condition=lambda record: record["condition"],
        known_scale=False,
    ),
)
