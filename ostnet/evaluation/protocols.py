"""The protocols: what is rendered and what is measured for one source and its driving frames.

A protocol turns a group of pairs (one source picture, frames of one driving clip) into one record
per method and frame: a flat dict of numbers, NaN where a face was not found. ``tables`` turns
records into rows of the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ostnet.evaluation import metrics
from ostnet.evaluation.clips import count_frames, load_frames
from ostnet.evaluation.columns import (
    Record,
    following_columns,
    identity_columns,
    image_columns,
    landmark_columns,
    nearest_pose,
    scale_columns,
)
from ostnet.evaluation.extras import Extras, Reading, features
from ostnet.evaluation.faces import Face, FaceReader, identity_of
from ostnet.evaluation.fid import REFERENCE
from ostnet.evaluation.methods import Generated, anchor_index, augment, generate, rotate
from ostnet.evaluation.pairs import Pair, spaced_frames
from ostnet.methods import TRAINED_APART

POSE_REFERENCES = 24
"""Frames of the source's clip among which the one at matching pose is looked for."""


@dataclass
class Bench:
    """Everything a protocol needs besides the pairs."""

    data: Path
    """Folder that the clips' paths start from."""
    model: object
    """OSTNet in eval mode."""
    apart: dict[str, object]
    """Networks trained apart, by method (``backbone``, ``backbone_augmented``)."""
    methods: Sequence[str]
    """Methods to run, in table order."""
    reader: FaceReader
    lineage: bool = False
    """Add SSIM and PSNR with the lineage's data_range of 2."""
    extras: Extras = field(default_factory=Extras)
    """Networks whose weights were given."""


@dataclass
class Result:
    """What one group of pairs gave."""

    records: list[Record]
    strip: dict[str, np.ndarray]
    """Pictures of the middle frame by label, for the sample sheet."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """What does not fit a record and is summed up over all groups, one row per frame."""


def reconstruct(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """Same identity: the un-augmented driving frame is the ground truth of every method."""
    source, truth, driving = load_pictures(bench, pairs)
    faces = bench.reader.read(truth)
    beside = _Beside(bench, source, bench.reader.read([source])[0], truth, faces)
    anchor = _anchor(bench, source, driving)
    generated = _run(bench, source, driving, anchor)
    records = []
    for name, images in generated.images.items():
        found = _read(bench, images, name)
        extra = beside.columns(name, images, found)
        for i, (pair, face) in enumerate(zip(pairs, found, strict=True)):
            record = head(pair, name)
            record |= image_columns(truth[i], images[i], bench.lineage) | extra[i]
            record |= landmark_columns(face, faces[i])
            record |= following_columns(face, faces[i])
            record |= _module_metrics(generated, name, i, pair)
            records.append(record)
    return Result(records, strip(source, driving, generated, truth), beside.features)


def cross(bench: Bench, pairs: Sequence[Pair]) -> Result:
    """Cross identity: no ground truth; identity from the source, motion from the driver."""
    source, truth, driving = load_pictures(bench, pairs)
    drivers = bench.reader.read(truth, identity=True)
    source_face = bench.reader.read([source], identity=True)[0]
    beside = _Beside(bench, source, source_face, truth, drivers)
    references = _references(bench, pairs[0])
    generated = _run(bench, source, driving, _anchor(bench, source, driving))
    key, who = bench.reader.embedder.key, identity_of(source_face)
    records = []
    for name, images in generated.images.items():
        faces = _read(bench, images, name, identity=True)
        extra = beside.columns(name, images, faces)
        for i, (pair, face) in enumerate(zip(pairs, faces, strict=True)):
            record = head(pair, name)
            record |= identity_columns(key, identity_of(face), who, identity_of(drivers[i]))
            record |= extra[i] | following_columns(face, drivers[i])
            record |= scale_columns("scale_error", face, source_face)
            record |= scale_columns("scale_error_matched", face, nearest_pose(face, references))
            records.append(record)
    return Result(records, strip(source, driving, generated, None), beside.features)


class _Beside:
    """What the extra networks read off one group's source and drivers, to hold outputs beside."""

    def __init__(
        self,
        bench: Bench,
        source: np.ndarray,
        source_face: Face | None,
        drivers: Sequence[np.ndarray],
        faces: Sequence[Face | None],
    ):
        self._extras = bench.extras
        (self._source,) = self._extras.read([source], [source_face])
        self._drivers = self._extras.read(drivers, faces)
        self.features: dict[str, np.ndarray] = {}
        self._keep(REFERENCE, self._drivers)

    def columns(
        self, method: str, images: np.ndarray, faces: Sequence[Face | None]
    ) -> list[Record]:
        """One record per frame of a method; its features are kept."""
        distinct = 1 if method == "copy_source" else len(images)
        outputs = self._extras.read(images[:distinct], faces[:distinct])
        outputs *= len(images) // distinct
        self._keep(method, outputs)
        return [
            self._extras.columns(output, self._source, driver)
            for output, driver in zip(outputs, self._drivers, strict=True)
        ]

    def _keep(self, label: str, readings: Sequence[Reading]) -> None:
        found = features(readings)
        if found is not None:
            self.features[label] = found


def load_pictures(bench: Bench, pairs: Sequence[Pair]):
    """Source picture, driving frames at their own scale, and as the methods see them."""
    first = pairs[0]
    source = load_frames(bench.data / first.source, [first.source_frame])[0]
    frames = load_frames(bench.data / first.driving, [pair.frame for pair in pairs])
    truth = [rotate(frame, pair.roll) for frame, pair in zip(frames, pairs, strict=True)]
    return source, truth, augment(truth, [(pair.s_x, pair.s_y) for pair in pairs])


def _run(bench: Bench, source: np.ndarray, driving: np.ndarray, anchor: int) -> Generated:
    """Every method of the bench, those with a network of their own included."""
    own = [name for name in bench.methods if name not in TRAINED_APART]
    generated = generate(bench.model, source, driving, own, anchor)
    for name, network in bench.apart.items():
        alone = generate(network, source, driving, ["neither"])
        generated.images[name] = alone.images["neither"]
        generated.scales[name] = alone.scales["neither"]
    return generated


def _anchor(bench: Bench, source: np.ndarray, driving: np.ndarray) -> int:
    if "anchor_relative" not in bench.methods:
        return 0
    points = [face and face.landmarks for face in bench.reader.read([source, *driving])]
    return anchor_index(points[0], points[1:])


def _read(bench: Bench, images: np.ndarray, name: str, identity: bool = False):
    """Faces of generated frames; a copied source is read once."""
    if name == "copy_source":
        return bench.reader.read(images[:1], identity) * len(images)
    return bench.reader.read(images, identity)


def _references(bench: Bench, pair: Pair) -> list[Face]:
    """Faces of the source's own clip at other poses."""
    path = bench.data / pair.source
    frames = [pair.source_frame, *spaced_frames(count_frames(path), POSE_REFERENCES)]
    faces = bench.reader.read(load_frames(path, frames))
    return [face for face in faces if face is not None]


def head(pair: Pair, method: str) -> Record:
    """The columns that say what a record is about."""
    return {
        "method": method,
        "pair": pair.pair,
        "person": pair.person,
        "source": pair.source,
        "driving": pair.driving,
        "frame": pair.frame,
        "s_x": pair.s_x,
        "s_y": pair.s_y,
        "roll": pair.roll,
    }


def _module_metrics(generated: Generated, method: str, index: int, pair: Pair) -> Record:
    """The scale the method took out, its error against the known one, and its grid's rotation."""
    scales, turns = generated.scales.get(method), generated.turns.get(method)
    measured = np.full(2, np.nan) if scales is None else scales[index]
    error = metrics.module_scale_error(measured, (pair.s_x, pair.s_y))
    return {
        "measured_x": measured[0],
        "measured_y": measured[1],
        "module_scale_error_x": error[0],
        "module_scale_error_y": error[1],
        "grid_turn": np.nan if turns is None else turns[index],
    }


def strip(
    source: np.ndarray, driving: np.ndarray, generated: Generated, truth: Sequence | None
) -> dict[str, np.ndarray]:
    """The middle frame's pictures by label, for the sample sheet."""
    middle = len(driving) // 2
    pictures = {"source": source, "driving": driving[middle]}
    if generated.rectified is not None:
        pictures["rectified"] = generated.rectified[middle]
    pictures |= {name: images[middle] for name, images in generated.images.items()}
    if truth is not None:
        pictures["truth"] = truth[middle]
    return pictures
