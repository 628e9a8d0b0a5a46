"""Does scale fade in the generator: z switched off, place by place, or swapped for another.

Every method is a run-time toggle of one network and performs the same rectified keypoints, so
that a difference between two rows is due to z alone.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ostnet.evaluation.data.pairs import Pair
from ostnet.evaluation.method_pictures import Generated, augment, to_batch, to_images
from ostnet.evaluation.metrics import definitions, formulas, regions
from ostnet.evaluation.metrics.columns import (
    Record,
    following_columns,
    image_columns,
    landmark_columns,
    leave_out_blinks,
)
from ostnet.evaluation.metrics.definitions import Metric
from ostnet.evaluation.metrics.statistics import slope
from ostnet.evaluation.protocols.protocol import Bench, Protocol, Result, head, load_pictures
from ostnet.evaluation.protocols.reconstruction import different_scale_pairs
from ostnet.evaluation.report import plots, tables
from ostnet.evaluation.report.tables import Measured, Row
from ostnet.model.generator import PLACES

ALL = tuple(place for places in PLACES.values() for place in places)

OFF = {f"z_off_{place}": place for place in ALL}
"""Method -> the one place without z."""

METHODS = {
    "full": "z at all six places",
    **{
        method: f"as full, z not added to the {_kind} at {place[-3:].replace('_', '/')} of the size"
        for method, place in OFF.items()
        for _kind in ["encoder's tap" if place.startswith("tap") else "decoder's level"]
    },
    "no_embedding": "z at none of the six places",
    "z_zero": "z = 0 at all six places: what is left of the embedding are the biases",
    "z_unscaled": "z of the same driving frame before its scale was changed",
    "z_opposite": "z of the same driving frame at the scales (1/s_x, 1/s_y)",
}
"""Name -> what it does."""

NOTE = (
    "All methods are run-time toggles of one network, trained with z at all places (and, by its "
    "recipe, without any): none was trained apart, and z missing at a single place is something "
    "the network never met. All perform the same rectified keypoints."
)

MAGNIFIED = 10
"""How many times the sheet enlarges the difference to the picture of full."""

CHANGE = Metric(
    "change",
    "change",
    "mean",
    "mean |difference| to the picture of full, [0,1], all pixels and channels, frames",
    "numpy",
)

REGIONS = [
    Metric(
        f"{column}_{region}",
        f"{column}_{region}",
        "mean",
        f"as {column}, within the box of the {region} alone, placed by the ground truth's "
        "landmarks",
        "landmarker",
    )
    for column in ("change", "l1")
    for region in regions.REGIONS
]
"""What z does to mouth and eyes."""

FOLLOWED = "scale_followed"
_FOLLOWED = (
    "least-squares slope over frames of ln(sigma_{axis}(output)/sigma_{axis}(ground truth)) on "
    "ln s_{axis}: 0, the output keeps the ground truth's scale; 1, it takes the driver's; sigma = "
    "rms of 68 landmarks about their mean along the axis; low, high: 95 % bootstrap interval over "
    "people"
)


def table(bench: Bench) -> list[Metric]:
    """The metrics of the protocol ``embedding``."""
    return [
        CHANGE,
        *REGIONS,
        *definitions.IMAGE,
        *definitions.LANDMARK,
        *definitions.OPENINGS,
        *definitions.GAZE,
        definitions.NO_FACE,
        *definitions.scale_metrics("scale_error", "the ground truth"),
    ]


def measure(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """One source, its driving frames at known scales: one record per method and frame."""
    source, truth, driving = load_pictures(bench, pairs)
    opposite = augment(truth, [(1 / pair.s_x, 1 / pair.s_y) for pair in pairs])
    generated = toggled(bench.model, source, driving, {"unscaled": truth, "opposite": opposite})
    faces = bench.reader.read(truth)
    records = []
    for name, images in generated.images.items():
        mine = []
        for i, (pair, face) in enumerate(zip(pairs, bench.reader.read(images), strict=True)):
            record = head(pair, name)
            record["change"] = formulas.l1(generated.images["full"][i], images[i])
            record |= image_columns(truth[i], images[i], lineage=False)
            record |= landmark_columns(face, faces[i]) | following_columns(face, faces[i])
            full = generated.images["full"][i]
            record |= regions.l1_columns("change", full, images[i], faces[i])
            record |= regions.l1_columns("l1", truth[i], images[i], faces[i])
            for k, axis in enumerate("xy"):
                both = face is not None and faces[i] is not None
                record[f"log_scale_{axis}"] = (
                    np.log(formulas.spread(face.landmarks) / formulas.spread(faces[i].landmarks))[k]
                    if both
                    else np.nan
                )
            mine.append(record)
        leave_out_blinks(mine)
        records += mine
    return Result(records, _strip(source, truth, driving, generated))


def _strip(source, truth, driving, generated: Generated) -> dict[str, np.ndarray]:
    """The middle frame: the picture of full, and how far each other one is from it, enlarged."""
    middle = len(driving) // 2
    full = generated.images["full"][middle].astype(int)
    strip = {
        "source": source,
        "driving": driving[middle],
        "rectified": generated.rectified[middle],
        "truth": truth[middle],
        "full": generated.images["full"][middle],
    }
    for name in METHODS:
        if name != "full":
            change = MAGNIFIED * np.abs(generated.images[name][middle] - full)
            strip[f"{MAGNIFIED} x {name}"] = np.minimum(change, 255).astype(np.uint8)
    return strip


@torch.inference_mode()
def toggled(
    model,
    source: np.ndarray,
    driving: np.ndarray,
    others: dict[str, Sequence[np.ndarray]],
    batch: int = 8,
) -> Generated:
    """Every method's pictures.

    Args:
        model: an OSTNet in eval mode.
        source: uint8 (H, W, 3).
        driving: uint8 (T, H, W, 3).
        others: ``unscaled`` and ``opposite``: the same T frames at other scales, whose z is used.
        batch: frames per forward pass.
    """
    device = next(model.parameters()).device
    one = model.encode(to_batch([source], device))
    images: dict[str, list[np.ndarray]] = {}
    rectified = []
    for start in range(0, len(driving), batch):
        rows = slice(start, start + batch)
        frames = to_batch(driving[rows], device)
        state = one.expand(len(frames))
        reading = model.read(state, frames)
        rectified.append(to_images(reading.rectified))
        motion = model.move(state, reading.x_rectified)
        codes = {
            name: model.align(state.keypoints, model.keypoints(to_batch(other[rows], device))).z
            for name, other in others.items()
        }
        for name, z, places in _recipes(reading.alignment.z, codes):
            picture = model.paint(state, motion, z, places=places).image
            images.setdefault(name, []).append(to_images(picture))
    pictures = {name: np.concatenate(images[name]) for name in METHODS}
    return Generated(pictures, rectified=np.concatenate(rectified))


Recipe = tuple[str, Tensor | None, set[str] | None]
"""Method, its scale code, the places that get it, as ``Generator.forward`` takes them."""


def _recipes(z: Tensor, codes: dict[str, Tensor]) -> Iterator[Recipe]:
    yield "full", z, None
    for method, place in OFF.items():
        yield method, z, {*ALL} - {place}
    yield "no_embedding", None, None
    yield "z_zero", torch.zeros_like(z), None
    for name, code in codes.items():
        yield f"z_{name}", code, None


def draw(folder: Path, records: Sequence[Record]) -> None:
    """How far each toggle moves the picture, and what it does to the face's scale."""
    spans = "(median, quartiles, 5 to 95 %)"
    toggles = [record for record in records if record["method"] != "full"]
    label = f"mean |difference| to the picture of full {spans}"
    plots.boxes(folder / "change", toggles, "change", label, "z switched off or swapped")
    label = f"scale error E of the output {spans}"
    plots.boxes(folder / "scale_error", records, "scale_error", label, "z switched off or swapped")


def finish(measured: Measured) -> list[Row]:
    """Rows: how much of the driver's scale each method's output shows."""
    rows = []
    for method in METHODS:
        mine = [record for record in measured.records if record["method"] == method]
        for axis in "xy":
            name, definition = f"{FOLLOWED}_{axis}", _FOLLOWED.format(axis=axis)
            row = measured.row(method, name, definition, "landmarker", len(mine))
            rows.append(row | _slope(mine, axis))
    return rows


def _slope(records: Sequence[Record], axis: str) -> Row:
    points = np.array([[np.log(r[f"s_{axis}"]), r[f"log_scale_{axis}"]] for r in records])
    kept = np.isfinite(points).all(axis=1)
    failures = {"failures": int((~kept).sum())}
    if len(np.unique(points[kept, 0])) < 2:
        return failures | {"reason": "fewer than two scales with a face"}
    people = [record["person"] for record, keep in zip(records, kept, strict=True) if keep]
    return failures | tables.estimate(slope, points[kept], people)


PROTOCOLS = (
    Protocol(
        "embedding",
        70,
        frames=12,
        pairs=different_scale_pairs,
        heeds=frozenset({"pairs", "random_frames"}),
        table=table,
        draw=draw,
        measure=measure,
        known_scale=False,
        scales_drawn=True,
        own_methods=METHODS,
        note=NOTE,
        finish=finish,
        headline=(
            "change",
            "change_mouth",
            "change_eyes",
            "l1",
            "l1_mouth",
            "l1_eyes",
            "ssim",
            "akd",
            "scale_error_median",
            "scale_error_p90",
            "scale_followed_x",
            "scale_followed_y",
            "mouth_slope",
            "eyelid_slope",
        ),
    ),
)
