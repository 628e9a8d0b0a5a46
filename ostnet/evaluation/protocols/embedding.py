"""Effect of the scale code z in the generator: switched off, place by place, or swapped.

Every method is a run-time toggle of one network and performs the same rectified keypoints, so
that a difference between two rows is due to z alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from ostnet.evaluation.data.clips import Clip
from ostnet.evaluation.data.pairs import Pair, PairOptions
from ostnet.evaluation.method_pictures import Generated, augment, to_batch, to_images
from ostnet.evaluation.metrics import definitions, formulas, regions
from ostnet.evaluation.metrics.columns import (
    Record,
    following_columns,
    image_columns,
    landmark_columns,
    leave_out_blinks,
)
from ostnet.evaluation.metrics.definitions import frame_mean
from ostnet.evaluation.metrics.faces import Face
from ostnet.evaluation.metrics.statistics import slope
from ostnet.evaluation.protocols.protocol import Context, Protocol, head, load_pictures
from ostnet.evaluation.protocols.reconstruction import different_scale_pairs
from ostnet.evaluation.report import plots, tables
from ostnet.evaluation.report.group_store import Result
from ostnet.evaluation.report.tables import Measured, Row
from ostnet.model.generator import PLACES
from ostnet.model.ostnet import OSTNet

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
"""Factor by which the sheet amplifies the difference to the picture of full."""

CHANGE = frame_mean(
    "change",
    "mean |difference| to the picture of full, [0,1], all pixels and channels, frames",
    "numpy",
)

REGIONS = [
    frame_mean(
        f"{column}_{region}",
        f"as {column}, within the box of the {region} alone, placed by the ground truth's "
        "landmarks",
        "landmarker",
    )
    for column in ("change", "l1")
    for region in regions.REGIONS
]
"""Metrics of the effect of z on mouth and eyes."""

METRICS = [
    CHANGE,
    *REGIONS,
    *definitions.IMAGE,
    *definitions.LANDMARK,
    *definitions.OPENINGS,
    *definitions.GAZE,
    definitions.NO_FACE,
    *definitions.scale_metrics("scale_error", "the ground truth"),
]

_FOLLOWED = (
    "least-squares slope over frames of ln(sigma_{axis}(output)/sigma_{axis}(ground truth)) on "
    "ln s_{axis}: 0, the output keeps the ground truth's scale; 1, it takes the driver's; sigma = "
    "rms of 68 landmarks about their mean along the axis; low, high: 95 % bootstrap interval over "
    "people"
)


class Embedding(Protocol):
    """Pictures with z at some places, at none, or of another scale."""

    name = "embedding"
    options = frozenset({"pairs", "random_frames"})
    own_methods = METHODS
    table = METRICS
    headline = (
        "change change_mouth change_eyes l1 l1_mouth l1_eyes ssim akd scale_error_median "
        "scale_error_p90 scale_followed_x scale_followed_y mouth_slope eyelid_slope"
    ).split()
    note = NOTE
    known_scale = False
    scales_drawn = True

    def pairs(self, clips: Sequence[Clip], options: PairOptions, frames: int) -> list[Pair]:
        """Draw the pairs of different-scale."""
        return different_scale_pairs(clips, options, frames)

    def measure(self, context: Context, pairs: Sequence[Pair]) -> Result:
        """Measure one source, its driving frames at known scales: a record per method and frame."""
        source, truth, driving = load_pictures(context, pairs)
        opposite = augment(truth, [(1 / pair.s_x, 1 / pair.s_y) for pair in pairs])
        others = {"z_unscaled": truth, "z_opposite": opposite}
        generated = toggled(context.model, source, driving, others)
        true_faces, records = context.reader.read(truth), []
        for name, images in generated.images.items():
            mine, faces = [], context.reader.read(images)
            for i, (pair, face, true_face) in enumerate(zip(pairs, faces, true_faces, strict=True)):
                full = generated.images["full"][i]
                record = head(pair, name) | {"change": formulas.l1(full, images[i])}
                record |= image_columns(truth[i], images[i], lineage=False)
                record |= landmark_columns(face, true_face) | following_columns(face, true_face)
                record |= regions.l1_columns("change", full, images[i], true_face)
                record |= regions.l1_columns("l1", truth[i], images[i], true_face)
                record |= _log_scale(face, true_face)
                mine.append(record)
            leave_out_blinks(mine)
            records += mine
        return Result(records, _strip(source, truth, driving, generated))

    def draw(self, folder: Path, records: Sequence[Record]) -> None:
        """Draw how far each toggle moves the picture, and what it does to the face's scale."""
        spans = "(median, quartiles, 5 to 95 %)"
        toggles = [record for record in records if record["method"] != "full"]
        label = f"mean |difference| to the picture of full {spans}"
        plots.boxes(folder / "change", toggles, "change", label, "z switched off or swapped")
        label = f"scale error E of the output {spans}"
        plots.boxes(
            folder / "scale_error", records, "scale_error", label, "z switched off or swapped"
        )

    def summarise(self, measured: Measured) -> list[Row]:
        """Return how much of the driver's scale each method's output shows."""
        rows = []
        for method in METHODS:
            mine = [record for record in measured.records if record["method"] == method]
            for axis in "xy":
                definition = _FOLLOWED.format(axis=axis)
                name = f"scale_followed_{axis}"
                row = measured.row(method, name, definition, "landmarker", len(mine))
                rows.append(row | _slope(mine, axis))
        return rows


def _log_scale(face: Face | None, truth: Face | None) -> Record:
    """Return ln of the output's spread of landmarks over the ground truth's."""
    logs = np.full(2, np.nan)
    if face is not None and truth is not None:
        logs = np.log(formulas.spread(face.landmarks) / formulas.spread(truth.landmarks))
    return {"log_scale_x": logs[0], "log_scale_y": logs[1]}


def _slope(records: Sequence[Record], axis: str) -> Row:
    points = np.array([[np.log(r[f"s_{axis}"]), r[f"log_scale_{axis}"]] for r in records])
    kept = np.asarray(np.isfinite(points).all(axis=1))
    failures = {"failures": int((~kept).sum())}
    if len(np.unique(points[kept, 0])) < 2:
        return failures | {"reason": "fewer than two scales with a face"}
    people = [record["person"] for record, keep in zip(records, kept, strict=True) if keep]
    return failures | tables.estimate(slope, points[kept], people)


def _strip(
    source: np.ndarray, truth: Sequence[np.ndarray], driving: np.ndarray, generated: Generated
) -> dict[str, np.ndarray]:
    """Return the middle frame: the picture of full, and its enlarged difference to each other."""
    middle = len(driving) // 2
    full = generated.images["full"][middle]
    strip = {"source": source, "driving": driving[middle]}
    if generated.rectified is not None:
        strip["rectified"] = generated.rectified[middle]
    strip |= {"truth": truth[middle], "full": full}
    for name in METHODS:
        if name != "full":
            change = MAGNIFIED * np.abs(generated.images[name][middle].astype(int) - full)
            strip[f"{MAGNIFIED} x {name}"] = np.minimum(change, 255).astype(np.uint8)
    return strip


@torch.inference_mode()
def toggled(
    model: OSTNet,
    source: np.ndarray,
    driving: np.ndarray,
    others: Mapping[str, Sequence[np.ndarray]],
) -> Generated:
    """Generate every method's pictures.

    Args:
        model: an OSTNet in eval mode.
        source: uint8 (H, W, 3).
        driving: uint8 (T, H, W, 3).
        others: ``z_unscaled`` and ``z_opposite``: the same T frames at other scales, whose z is
            used.
    """
    device = next(model.parameters()).device
    state = model.encode(to_batch([source], device))
    images: dict[str, list[np.ndarray]] = {name: [] for name in METHODS}
    rectified = []
    for i, frame in enumerate(driving):
        reading = model.read(state, to_batch([frame], device))
        assert reading.rectified is not None
        rectified.append(to_images(reading.rectified))
        motion, z = model.move(state, reading.x_rectified), reading.alignment.z
        codes = {"no_embedding": None, "z_zero": torch.zeros_like(z)}
        for name, frames in others.items():
            x_other = model.keypoints(to_batch([frames[i]], device))
            codes[name] = model.align(state.keypoints, x_other).z
        for name in METHODS:
            places = {*ALL} - {OFF[name]} if name in OFF else None
            picture = model.paint(state, motion, codes.get(name, z), places=places).image
            images[name].append(to_images(picture))
    pictures = {name: np.concatenate(frames) for name, frames in images.items()}
    return Generated(pictures, rectified=np.concatenate(rectified))
